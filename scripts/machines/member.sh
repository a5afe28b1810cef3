#!/usr/bin/env bash
# A machine's place in the swarm.
#   member.sh ensure   joins, sets role and labels, and waits until it is Ready; prints the node's id
#   member.sh leave    drains it, waits until its tasks run elsewhere, demotes, leaves, removes the node
# Environment: STACK, ENGINE, NAME (also the hostname), SHELL_PREFIX, ROLE (manager or worker),
#   ADDRESS, LABELS (key=value, one a line), CLUSTER (the swarm that it belongs to).
set -euo pipefail
# shellcheck source=scripts/machines/managers.sh
. "$(dirname "$0")/managers.sh"

JOIN_WITHIN_SECONDS=60
DRAIN_WITHIN_SECONDS=180

fail() { printf '%s: %s\n' "$NAME" "$*" >&2; exit 1; }
say() { printf '%s: %s\n' "$NAME" "$*" >&2; }

ensure() {
  local state node manager
  await $JOIN_WITHIN_SECONDS 'its engine' settled ||
    fail "its engine does not settle: it says $(swarm_state "$SHELL_PREFIX")"
  read -r state _ _ node <<<"$(swarm_state "$SHELL_PREFIX")"
  await $JOIN_WITHIN_SECONDS 'a manager' manager_of_cluster ||
    fail "no manager of its swarm answers: start one, or see "When something is gone" in docs/operations.md"
  manager=$(living_manager '')

  if [ "$state" != active ] || ! on "$manager" docker node inspect "$node" </dev/null >/dev/null 2>&1; then
    [ "$state" = inactive ] || on "$SHELL_PREFIX" docker swarm leave --force </dev/null >/dev/null
    forget_dead_nodes "$manager"
    join "$manager"
    read -r state _ _ node <<<"$(swarm_state "$SHELL_PREFIX")"
  fi

  set_role_and_labels "$manager" "$node"
  await $JOIN_WITHIN_SECONDS 'the swarm to call it ready' ready "$manager" "$node" ||
    fail "joined, but is not Ready: look at 'docker node inspect $NAME' on a manager"
  printf '%s' "$node"
}

# The engine has made up its mind: a restarted member is `pending` for a moment.
settled() {
  local state
  state=$(swarm_state "$SHELL_PREFIX") || return 1
  case $state in 'active '* | 'inactive '* | 'locked '* | 'error '*) ;; *) return 1 ;; esac
}

manager_of_cluster() {
  local manager cluster
  manager=$(living_manager '') || return 1
  read -r _ _ cluster _ <<<"$(swarm_state "$manager")"
  # shellcheck disable=SC2153 # from the environment
  [ "$cluster" = "$CLUSTER" ] || fail "$manager belongs to swarm $cluster, not to $CLUSTER"
}

# The tokens go from engine to engine through a pipe: no command line, no file, no output.
join() {
  local addresses
  addresses=$(on "$1" docker node ls --filter role=manager --quiet </dev/null |
    while read -r id; do on "$1" docker node inspect "$id" --format '{{.ManagerStatus.Addr}}' </dev/null; done |
    sed 's/.*/"&"/' | paste -sd,)
  on "$1" docker swarm join-token --quiet "$ROLE" </dev/null |
    sed "s/.*/{\"ListenAddr\":\"$ADDRESS:2377\",\"AdvertiseAddr\":\"$ADDRESS\",\"RemoteAddrs\":[$addresses],\"JoinToken\":\"&\"}/" |
    on "$SHELL_PREFIX" curl --fail-with-body --silent --show-error --max-time 40 \
      --unix-socket /var/run/docker.sock --header 'Content-Type: application/json' --data @- \
      http://engine/swarm/join >&2 || fail 'the swarm did not take it in'
}

# The machine of this name is no member, so what the swarm still lists under it is gone for good.
forget_dead_nodes() {
  local node
  for node in $(nodes_named "$1"); do
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
  local update=(--role "$ROLE" --availability active) label
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
  local manager node
  manager=$(living_manager "$SHELL_PREFIX") ||
    fail "no other manager answers, so it cannot leave: start one, or destroy the whole stack"
  for node in $(nodes_named "$manager"); do
    say 'draining'
    on "$manager" docker node update --availability drain "$node" </dev/null >/dev/null
    if alive "$manager" "$node"; then
      await $DRAIN_WITHIN_SECONDS 'its tasks to stop' drained "$manager" "$node"
      on "$manager" docker node demote "$node" </dev/null >/dev/null 2>&1
      await 60 'it to be demoted' demoted
      on "$SHELL_PREFIX" docker swarm leave --force </dev/null >/dev/null
    fi
    remove_node "$manager" "$node"
  done
}

alive() { [ "$(on "$1" docker node inspect "$2" --format '{{.Status.State}}' </dev/null)" = ready ]; }
drained() { [ -z "$(on "$1" docker node ps "$2" --filter desired-state=running --quiet </dev/null)" ]; }
demoted() { [[ "$(swarm_state "$SHELL_PREFIX")" = 'active false '* ]]; }

case ${1:-} in
  ensure) ensure ;;
  leave) leave ;;
  *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
