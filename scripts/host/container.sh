#!/usr/bin/env bash
# Makes one container of the host's engine be as described, or removes it.
#   container.sh ensure   creates, replaces or starts it and waits until it is ready; prints its name
#   container.sh remove   removes it, running or not; it may be gone already
# Environment: ENGINE, NAME, IMAGE, OPTIONS (arguments of `docker create`, one a line), COMMAND (likewise),
#   READY (a command inside it that succeeds when it is ready), GENERATION (see infra/host.ts),
#   TURN (containers with the same turn are replaced one after another; empty when it does not matter).
# Standard input: its files, one a line: mode, absolute path, content in base64. They may be secret.
set -euo pipefail

export DOCKER_HOST=$ENGINE
unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT
READY_WITHIN_SECONDS=120
INNER_WITHIN_SECONDS=60

fail() { printf '%s: %s\n' "$NAME" "$*" >&2; exit 1; }

ensure() {
  local files description
  files=$(cat)
  # shellcheck disable=SC2153 # from the environment
  description=$(printf '%s\n' "$IMAGE" "$OPTIONS" "$COMMAND" "$files" | sha256sum | cut -d' ' -f1)
  lock 8 "$NAME"
  if [ "$(running_as)" != "$GENERATION $description" ]; then
    local held
    await_turn
    held=$(inner_containers)
    create "$files" "$description"
    await_ready
    await_inner_containers "$held"
  else
    await_ready
  fi
  printf '%s' "$NAME"
}

# Generation and description of the running container, nothing when none runs.
running_as() {
  docker container inspect "$NAME" --format \
    '{{if .State.Running}}{{index .Config.Labels "swarm.generation"}} {{index .Config.Labels "swarm.description"}}{{end}}' \
    2>/dev/null || true
}

# lock DESCRIPTOR NAME: one script at a time; a lock ends with the script that holds it.
lock() {
  local file=/dev/shm/swarm-$2.lock
  [ -e "$file" ] || (umask 022 && : >"$file")
  eval "exec $1<\"\$file\""
  flock "$1"
}

# What runs now is not taken down while a neighbour is down: the lock is held until this one is ready.
await_turn() {
  [ -n "$TURN" ] && [ -n "$(docker container ls --quiet --filter "name=^$NAME\$")" ] || return 0
  lock 9 "$TURN"
}

# How many containers run inside, start-up over: a machine that is replaced is ready when they are back.
inner_containers() {
  [ -n "$TURN" ] || return 0
  docker container exec "$NAME" docker ps --format '{{.Status}}' 2>/dev/null |
    grep -vc 'health: starting' || true
}

# The swarm may have given them to others meanwhile, so this does not wait for ever.
await_inner_containers() {
  local until=$((SECONDS + INNER_WITHIN_SECONDS))
  [ "${1:-0}" -gt 0 ] || return 0
  until [ "$(inner_containers)" -ge "$1" ] || [ $SECONDS -ge $until ]; do sleep 0.5; done
}

create() {
  local options command mirrors
  mirrors=$(docker info --format '{{join .RegistryConfig.Mirrors " "}}')
  mapfile -t options < <(printf '%s' "$OPTIONS" | grep . || true)
  mapfile -t command < <(printf '%s' "$COMMAND" | grep . || true)
  # What runs inside gets the time to stop well: it may hold data.
  docker container stop "$NAME" >/dev/null 2>&1 || true
  remove
  docker container create --name "$NAME" --env "REGISTRY_MIRRORS=$mirrors" \
    --label "swarm.generation=$GENERATION" --label "swarm.description=$2" \
    "${options[@]}" "$IMAGE" "${command[@]}" >/dev/null
  copy_in "$1"
  docker container start "$NAME" >/dev/null
}

copy_in() {
  [ -n "$1" ] || return 0
  local root mode path content
  # In memory, and what a run that was killed left there goes with the next one.
  find /dev/shm -maxdepth 1 -user "$(id -u)" -name "swarm-$NAME.files.*" -exec rm -rf {} +
  root=$(mktemp -d "/dev/shm/swarm-$NAME.files.XXXXXX")
  # shellcheck disable=SC2064 # expanded now: the name is local
  trap "rm -rf '$root'" EXIT
  chmod 755 "$root"
  while read -r mode path content; do
    (umask 022 && mkdir -p "$root$(dirname "$path")")
    (umask 077 && base64 -d <<<"$content" >"$root$path")
    chmod "$mode" "$root$path"
  done <<<"$1"
  tar --create --directory "$root" --owner 0 --group 0 . | docker container cp - "$NAME:/"
}

await_ready() {
  [ -n "$READY" ] || return 0
  local until=$((SECONDS + READY_WITHIN_SECONDS)) ready
  mapfile -t ready <<<"$READY"
  until docker container exec "$NAME" "${ready[@]}" >/dev/null 2>&1; do
    if [ "$(docker container inspect "$NAME" --format '{{.State.Status}}')" = exited ]; then
      fail "it stopped by itself; its last lines: $(docker container logs --tail 5 "$NAME" 2>&1)"
    fi
    [ $SECONDS -lt $until ] ||
      fail "not ready after $READY_WITHIN_SECONDS s; its last lines: $(docker container logs --tail 5 "$NAME" 2>&1)"
    sleep 0.2
  done
}

remove() {
  local answer
  answer=$(docker container rm --force --volumes "$NAME" 2>&1) || case $answer in
    *'No such container'*) ;;
    *'is already in progress'*) while docker container inspect "$NAME" >/dev/null 2>&1; do sleep 0.2; done ;;
    *) fail "$answer" ;;
  esac
}

case ${1:-} in
  ensure) ensure ;;
  remove) lock 8 "$NAME" && remove && rm -f "/dev/shm/swarm-$NAME.lock" ;;
  *) sed -n '2,9s/^# //p' "$0" >&2; exit 2 ;;
esac
