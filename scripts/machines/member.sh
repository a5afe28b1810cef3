#!/usr/bin/env bash
# A machine's place in the swarm.
#   member.sh ensure   joins, sets role and labels, and waits until it is Ready; prints the node's id
#   member.sh leave    has its tasks run elsewhere, drains it, demotes, leaves, removes the node
# Environment: STACK, ENGINE, NAME (also the hostname), SHELL_PREFIX, ROLE (manager or worker),
#   ADDRESS, LABELS (key=value, one a line), CLUSTER (the swarm that it belongs to), MEMBERSHIP (a label by which
#   nodes.sh finds that nobody changed its place since).
set -euo pipefail
# shellcheck source=scripts/machines/managers.sh
. "$(dirname "$0")/managers.sh"

JOIN_WITHIN_SECONDS=60
DRAIN_WITHIN_SECONDS=180
RESCHEDULE_WITHIN_SECONDS=60

fail() { printf '%s: %s\n' "$NAME" "$*" >&2; exit 1; }
say() { printf '%s: %s\n' "$NAME" "$*" >&2; }

ensure() {
  local manager node member
  await $JOIN_WITHIN_SECONDS 'its engine to know whether it is in a swarm' settled
  await $JOIN_WITHIN_SECONDS "a manager of its swarm (see docs/operations.md, 'When something is gone')" \
    manager_of_cluster
  await $JOIN_WITHIN_SECONDS 'the swarm to say whether it is a member' ask_membership

  if [ "$member" = no ]; then
    [ "$(local_state)" = inactive ] || on "$SHELL_PREFIX" docker swarm leave --force </dev/null >/dev/null
    forget_dead_nodes "$manager"
    join "$manager"
    await $JOIN_WITHIN_SECONDS 'the swarm to list it' ask_membership
    [ "$member" = yes ] || fail 'joined, but the swarm does not list it'
  fi

  await 20 'the swarm to take its role and labels' set_role_and_labels "$manager" "$node"
  await $JOIN_WITHIN_SECONDS "the swarm to call it ready (docker node inspect $NAME)" ready "$manager" "$node"
  printf '%s' "$node"
}

local_state() {
  local state
  read -r state _ <<<"$(swarm_state "$SHELL_PREFIX")"
  printf '%s' "$state"
}

# Sets `manager`, `node` and `member` (yes or no); fails when that cannot be told now. Only a clear no
# makes a machine leave and join anew: a manager that left for a passing error would cost the quorum.
ask_membership() {
  local state answer
  manager=$(living_manager '') || return 1
  read -r state _ _ node <<<"$(swarm_state "$SHELL_PREFIX")"
  case $state in
    active) ;;
    inactive | locked | error) member=no && return ;;
    *) return 1 ;;
  esac
  if answer=$(on "$manager" docker node inspect "$node" --format found </dev/null 2>&1); then
    member=yes
    return
  fi
  case $answer in *'No such node'* | *'not found'*) member=no ;; *) return 1 ;; esac
}

# The engine has made up its mind: a restarted member is `pending` for a moment.
settled() {
  local state
  state=$(swarm_state "$SHELL_PREFIX") || return 1
  case $state in 'active '* | 'inactive '* | 'locked '* | 'error '*) ;; *) return 1 ;; esac
}

manager_of_cluster() {
  local cluster
  cluster=$(living_cluster) || return 1
  # shellcheck disable=SC2153 # from the environment
  [ "$cluster" = "$CLUSTER" ] || fail "the managers belong to swarm $cluster, not to $CLUSTER"
}

# The tokens go from engine to engine through a pipe: no command line, no file, no output.
join() {
  local addresses
  # What is left of a manager that was given up is listed, and has no address.
  addresses=$(on "$1" docker node ls --filter role=manager --quiet </dev/null |
    while read -r id; do on "$1" docker node inspect "$id" --format '{{with .ManagerStatus}}{{.Addr}}{{end}}' </dev/null; done |
    grep . | sed 's/.*/"&"/' | paste -sd,)
  on "$1" docker swarm join-token --quiet "$ROLE" </dev/null |
    sed "s/.*/{\"ListenAddr\":\"$ADDRESS:2377\",\"AdvertiseAddr\":\"$ADDRESS\",\"RemoteAddrs\":[$addresses],\"JoinToken\":\"&\"}/" |
    on "$SHELL_PREFIX" curl --fail-with-body --silent --show-error --max-time 40 \
      --unix-socket /var/run/docker.sock --header 'Content-Type: application/json' --data @- \
      http://engine/swarm/join >&2 ||
    # The engine gives up its answer before it gives up joining.
    await $JOIN_WITHIN_SECONDS 'the swarm to take it in' joined
}

joined() { [ "$(local_state)" = active ]; }

# The machine of this name is no member, so what the swarm still lists under it is gone for good.
forget_dead_nodes() {
  local node nodes
  nodes=$(nodes_named "$1")
  for node in $nodes; do
    remove_node "$1" "$node"
  done
}

# The ids of the nodes with this machine's name, as manager $1 lists them.
nodes_named() {
  on "$1" docker node ls --filter "name=$NAME" --format '{{.ID}} {{.Hostname}}' </dev/null |
    awk -v name="$NAME" '$2 == name { print $1 }'
}

# remove_node MANAGER NODE: demotes and removes a node that has left, or is dead.
remove_node() {
  on "$1" docker node demote "$2" </dev/null >/dev/null 2>&1 || true
  await 60 "the entry of $2 to go" forgotten "$1" "$2"
}

forgotten() { on "$1" docker node rm --force "$2" </dev/null >/dev/null 2>&1; }

set_role_and_labels() {
  local update=(--role "$ROLE" --availability active --label-add "swarm.generation=$MEMBERSHIP") label
  while read -r label; do
    [ -z "$label" ] || update+=(--label-add "$label")
  done <<<"$LABELS"
  on "$1" docker node update "${update[@]}" "$2" </dev/null >/dev/null
}

ready() {
  local status
  status=$(on "$1" docker node inspect "$2" --format \
    '{{.Status.State}} {{if .ManagerStatus}}{{.ManagerStatus.Reachability}}{{end}}' </dev/null) || return 1
  case $ROLE in
    manager) [ "$status" = 'ready reachable' ] ;;
    *) [ "$status" = 'ready ' ] ;;
  esac
}

leave() {
  local manager node nodes
  manager=$(living_manager "$SHELL_PREFIX") ||
    fail "no other manager answers, so it cannot leave: start one, or destroy the whole stack"
  nodes=$(nodes_named "$manager")
  for node in $nodes; do
    say 'draining'
    if alive "$manager" "$node"; then make_room "$manager"; fi
    await 20 'the swarm to drain it' drain "$manager" "$node"
    if alive "$manager" "$node"; then
      await $DRAIN_WITHIN_SECONDS 'its tasks to stop' drained "$manager" "$node"
      # Where placement has no room left that never happens, and the machine goes all the same.
      await $RESCHEDULE_WITHIN_SECONDS 'its tasks to run elsewhere' all_replicas_run "$manager" || true
      await 20 'the swarm to demote it' demote "$manager" "$node"
      await 60 'it to be demoted' demoted
      on "$SHELL_PREFIX" docker swarm leave --force </dev/null >/dev/null
    fi
    remove_node "$manager" "$node"
  done
}

# Where there is no room the machine goes all the same.
make_room() {
  local root
  root=$(cd "$(dirname "$0")/../.." && pwd)
  MANAGER=$1 TS_NODE_PROJECT=$root/tsconfig.json node -r "$root/node_modules/ts-node/register/transpile-only" \
    "$root/scripts/drain.ts" make-room "$NAME" </dev/null ||
    say 'its tasks stop before they start elsewhere'
}

drain() { on "$1" docker node update --availability drain "$2" </dev/null >/dev/null; }
demote() { on "$1" docker node demote "$2" </dev/null >/dev/null; }
alive() { [ "$(on "$1" docker node inspect "$2" --format '{{.Status.State}}' </dev/null)" = ready ]; }
demoted() { [[ "$(swarm_state "$SHELL_PREFIX")" = 'active false '* ]]; }

# A task that is told to shut down runs on for its grace period: only its own state says that it ended.
drained() {
  local states
  states=$(on "$1" docker node ps "$2" --format '{{.CurrentState}}' </dev/null) || return 1
  ! grep -Eq '^(New|Allocated|Pending|Assigned|Accepted|Preparing|Ready|Starting|Running)' <<<"$states"
}

all_replicas_run() {
  local counts
  counts=$(on "$1" docker service ls --format '{{.Replicas}}' </dev/null) || return 1
  awk -F '[/ ]' '$1 != $2 { short = 1 } END { exit short }' <<<"$counts"
}

case ${1:-} in
  ensure) ensure ;;
  leave) leave ;;
  *) sed -n '2,7s/^# //p' "$0" >&2; exit 2 ;;
esac
