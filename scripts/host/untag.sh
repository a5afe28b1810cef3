#!/usr/bin/env bash
# Removes an image's tag from the host's engine, with what only it held; it may be gone already.
# Environment: ENGINE, IMAGE.
set -euo pipefail
export DOCKER_HOST=$ENGINE
unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT
answer=$(docker image rm --force "$IMAGE" 2>&1) || case $answer in
  *'No such image'*) ;;
  *) printf '%s\n' "$answer" >&2; exit 1 ;;
esac
