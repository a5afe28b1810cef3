#!/usr/bin/env bash
# What the swarm lists. Reads only.
# Environment: STACK, ENGINE.
# Prints lines of fields separated by tabs; infra/nodes.ts reads them. Nothing where no manager can be asked.
#   asked MANAGER                                     whom, by its shell
#   node NAME ROLE STATE GENERATION LABEL=VALUE…      one for each node
set -euo pipefail
# shellcheck source=scripts/machines/managers.sh
. "$(dirname "$0")/managers.sh"

ANSWER_WITHIN_SECONDS=20
# shellcheck disable=SC2016 # for Docker
FORMAT='node	{{.Description.Hostname}}	{{.Spec.Role}}	{{.Status.State}}	{{index .Spec.Labels "swarm.generation"}}{{range $key, $value := .Spec.Labels}}	{{$key}}={{$value}}{{end}}'

# Whether one says that it is a manager, or may be: it may just be electing a leader.
a_manager_stands() {
  manager_shells | while read -r shell; do
    case $(swarm_state "$shell") in 'active true '* | 'pending '*) echo yes ;; esac
  done | grep yes >/dev/null
}

# Fails where nothing can be told now: a node may go between the list and the look at it.
ask() {
  local manager nodes
  manager=$(living_manager '') || return 1
  # shellcheck disable=SC2086 # the prefix is several words
  nodes=$(timeout 12 $manager timeout 10 sh -c "docker node inspect --format '$FORMAT' \$(docker node ls --quiet)" </dev/null 2>/dev/null) || return 1
  printf 'asked\t%s\n%s\n' "$manager" "$nodes"
}

until ask; do
  if [ $SECONDS -ge $ANSWER_WITHIN_SECONDS ] || ! a_manager_stands; then exit 0; fi
  sleep 0.5
done
