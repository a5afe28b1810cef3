# shellcheck shell=bash
# Sourced: reaches the store's keeper, which has no port outside of the swarm.
# Environment: STACK, ENGINE.
# shellcheck source=scripts/machines/managers.sh
. "$(dirname "${BASH_SOURCE[0]}")/../machines/managers.sh"

# Prints the shell of the keeper's container; fails when there is none that runs.
keeper_shell() {
  local shell container
  while read -r shell; do
    container=$(on "$shell" docker container ls --quiet --filter status=running \
      --filter label=com.docker.swarm.service.name=mongo-keeper </dev/null 2>/dev/null | head -n 1) || continue
    if [ -n "$container" ]; then
      printf '%s docker exec -i %s' "$shell" "$container"
      return
    fi
  done < <(manager_shells)
  return 1
}
