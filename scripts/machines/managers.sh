# shellcheck shell=bash
# Sourced: finds managers of a stack's swarm. Each machine is named by its shell, a command prefix
# such as `docker exec -i NAME` that runs a command there.
# Environment: STACK, ENGINE.

export DOCKER_HOST=$ENGINE
unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT

# The shells of the stack's managers, one a line: of those that run, or of all that are hosts.
manager_shells() {
  local root hosts
  root=$(realpath --relative-to=. "$(dirname "${BASH_SOURCE[0]}")/../..")
  hosts=$root/.access/$STACK/machines
  if [ -f "$hosts" ]; then
    awk -v root="$root/" '$2 == "manager" { if (root != "./") $5 = root $5; $1 = $2 = $3 = ""; sub(/^ */, ""); print }' "$hosts"
    return
  fi
  docker container ls --filter "label=swarm.stack=$STACK" --filter label=swarm.role=manager \
    --filter status=running --format 'docker exec -i {{.Names}}' | sort
}

# on SHELL COMMAND…: runs a command on a machine.
on() {
  local shell=$1
  shift
  # shellcheck disable=SC2086 # the prefix is several words
  $shell "$@"
}

# What the machine's engine says of its swarm: `active true CLUSTER NODE`; what it does not know is `-`,
# the cluster as long as there is no leader.
swarm_state() {
  on "$1" docker info --format \
    '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{with .Swarm.Cluster}}{{or .ID "-"}}{{else}}-{{end}} {{or .Swarm.NodeID "-"}}' \
    </dev/null 2>/dev/null
}

# The shell of a manager that can change the swarm, other than $1; fails when none can now.
living_manager() {
  local shell
  while read -r shell; do
    [ "$shell" != "${1:-}" ] || continue
    # Only with a leader does this list answer; without one it may wait for ever, and inside as well, as what
    # `docker exec` runs outlives it.
    # shellcheck disable=SC2086 # the prefix is several words
    if timeout 10 $shell timeout 8 docker node ls --quiet </dev/null >/dev/null 2>&1; then
      printf '%s' "$shell"
      return
    fi
  done < <(manager_shells)
  return 1
}

# The id of the swarm that living managers belong to; fails when none says it now.
living_cluster() {
  local manager cluster
  manager=$(living_manager '') || return 1
  read -r _ _ cluster _ <<<"$(swarm_state "$manager")"
  [ "${cluster:--}" != - ] || return 1
  printf '%s' "$cluster"
}

# await SECONDS WHAT COMMAND…: repeats the command until it succeeds.
await() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    if [ $SECONDS -ge $until ]; then
      printf '%s: still waiting for %s\n' "${NAME:-swarm}" "$what" >&2
      return 1
    fi
    sleep 0.3
  done
}
