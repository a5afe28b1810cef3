#!/usr/bin/env bash
# What the swarm lists. Reads only.
# Environment: STACK, ENGINE.
# Prints a line a node, fields separated by tabs; infra/nodes.ts reads it. Nothing where no manager can be asked.
#   node NAME ROLE LABEL=VALUE…
set -euo pipefail
# shellcheck source=scripts/machines/managers.sh
. "$(dirname "$0")/managers.sh"

ANSWER_WITHIN_SECONDS=20
# shellcheck disable=SC2016 # for Docker
FORMAT='node	{{.Description.Hostname}}	{{.Spec.Role}}{{range $key, $value := .Spec.Labels}}	{{$key}}={{$value}}{{end}}'

# Whether one says that it is a manager, or may be: it may just be electing a leader.
a_manager_stands() {
  manager_shells | while read -r shell; do
    case $(swarm_state "$shell") in 'active true '* | 'pending '*) echo yes ;; esac
  done | grep yes >/dev/null
}

until manager=$(living_manager ''); do
  if [ $SECONDS -ge $ANSWER_WITHIN_SECONDS ] || ! a_manager_stands; then exit 0; fi
  sleep 0.5
done
on "$manager" sh -c "docker node inspect --format '$FORMAT' \$(docker node ls --quiet)" </dev/null
