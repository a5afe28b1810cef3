#!/usr/bin/env bash
# Makes a server be a machine, or gives it up.
#   host.sh ensure    waits until it answers, installs and sets Docker, sets the firewall; prints its name
#   host.sh release   has it leave its swarm, and removes what the stack put there; a host that is gone is passed over
# Environment: STACK, NAME (also the hostname), SHELL_PREFIX, LOGIN (the user of ssh), TURN (machines with the same
#   turn are taken down one after another), and what setup-host.sh asks for.
set -euo pipefail
# shellcheck source=scripts/machines/hosts.sh
. "$(dirname "$0")/hosts.sh"

ANSWER_WITHIN_SECONDS=300
BACK_WITHIN_SECONDS=60

fail() { printf '%s\n' "$*" >&2; exit 1; }

# on COMMAND…: runs a command on the host.
on() {
  # shellcheck disable=SC2086 # the prefix is several words
  $SHELL_PREFIX "$@"
}

# setup STEP: runs a step of setup-host.sh there. It is sent through the connection, its settings first.
setup() {
  {
    local variable
    for variable in NAME LOGIN DOCKER_REPOSITORY DOCKER_VERSION DAEMON FIREWALL REGISTRY AUTHORITY STORE KEEP_DATA MARKER; do
      printf "%s='%s'\n" "$variable" "${!variable//\'/\'\\\'\'}"
    done
    cat "$(dirname "$0")/setup-host.sh"
    printf '%s </dev/null\n' "$1"
  } | on sh -eus
}

# await_answer SECONDS: a host may still be starting. What waiting does not help against ends it.
await_answer() {
  local until=$((SECONDS + $1)) complaint advice
  until complaint=$(on true </dev/null 2>&1); do
    # shellcheck disable=SC2153 # from the environment
    if advice=$(sentence "$NAME" "$SHELL_PREFIX" "$complaint"); then fail "$advice"; fi
    if [ $SECONDS -ge $until ]; then
      printf '%s does not answer: %s\n' "$NAME" "${complaint##*$'\n'}" >&2
      return 1
    fi
    sleep 1
  done
}

# One that runs tasks is not taken down while a neighbour is down: the lock is held until its tasks are back.
await_turn() {
  local lock=/dev/shm/swarm-$TURN.lock
  [ -e "$lock" ] || (umask 022 && : >"$lock")
  exec 9<"$lock"
  flock 9
}

tasks() { on docker ps --quiet </dev/null 2>/dev/null | grep -c . || true; }

ensure() {
  local state outcome held=0
  await_answer $ANSWER_WITHIN_SECONDS || exit 1
  state=$(on docker info --format '{{.Swarm.LocalNodeState}}' </dev/null 2>/dev/null) || state=none
  if [ "$state" = active ]; then
    await_turn
    held=$(tasks)
  fi
  # Those that a restart brings back may have been given to others meanwhile, so this does not wait for ever.
  outcome=$(setup ensure)
  if [ "$outcome" = restarted ] && [ "$held" -gt 0 ]; then
    local until=$((SECONDS + BACK_WITHIN_SECONDS))
    until [ "$(tasks)" -ge "$held" ] || [ $SECONDS -ge $until ]; do sleep 0.5; done
  fi
  printf '%s' "$NAME"
}

release() {
  # Nor is it one's own any more where another key is shown, or nobody is let in: no setting could help.
  if ! (await_answer 20); then
    printf '%s is passed over: what is on it stays there\n' "$NAME" >&2
    return
  fi
  setup release
  rm -f ".access/$STACK/known/$NAME-"*
}

# shellcheck disable=SC2034 # one of the settings
MARKER="$STACK $NAME $GENERATION"
case ${1:-} in
  ensure) ensure ;;
  release) release ;;
  *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
