#!/usr/bin/env bash
# What stands on the hosts of a stack. Reads only, and waits for none that is silent.
# Environment: STACK.
# Prints a line a host, fields separated by tabs; infra/machines/look.ts reads it:
#   host NAME ARCHITECTURE SWARM-STATE STACK MACHINE GENERATION     the last three as they were set up, if they were
#   silent NAME WHY
#   refused WHY                                                     what waiting does not help against
set -euo pipefail
# shellcheck source=scripts/machines/hosts.sh
. "$(dirname "$0")/hosts.sh"

ANSWER_WITHIN_SECONDS=20

# shellcheck disable=SC2016 # for the host
facts='state=$(timeout 8 docker info --format "{{.Swarm.LocalNodeState}}" 2>/dev/null)
# An engine that is too busy to answer is one that runs.
[ $? -ne 124 ] || state=busy
[ -n "$state" ] || state=none
read -r marker 2>/dev/null </etc/swarm-system/machine || marker=
printf "%s %s %s\n" "$(uname -m)" "$state" "$marker"'

# look NAME SHELL
look() {
  local answer complaint words
  complaint=$(mktemp)
  # shellcheck disable=SC2064 # expanded now: the name is local
  trap "rm -f '$complaint'" EXIT
  # shellcheck disable=SC2086 # the prefix is several words
  if answer=$(timeout $ANSWER_WITHIN_SECONDS $2 sh -c "$facts" </dev/null 2>"$complaint"); then
    read -ra words <<<"$answer"
    printf 'host\t%s' "$1"
    printf '\t%s' "${words[@]}"
    printf '\n'
  elif answer=$(sentence "$1" "$2" "$(cat "$complaint")"); then
    printf 'refused\t%s\n' "$answer"
  else
    answer=$(tail -n 1 "$complaint")
    printf 'silent\t%s\t%s\n' "$1" "${answer:-no answer within $ANSWER_WITHIN_SECONDS s}"
  fi
}

while read -r name _ _ shell; do
  (look "$name" "$shell") &
done <".access/$STACK/machines"
wait
