#!/usr/bin/env bash
# Waits until the store's keeper says that the store is as it should be.
# Environment: STACK, ENGINE, FOR (`calm HOST` or `settled MEMBERS USERS`, see apps/mongo-keeper/src/await.ts).
set -euo pipefail
# shellcheck source=scripts/store/keeper.sh
. "$(dirname "$0")/keeper.sh"

WITHIN_SECONDS=600

why='its keeper does not run'
holds() {
  local keeper
  keeper=$(keeper_shell) || return 1
  # shellcheck disable=SC2086 # several words
  why=$($keeper node dist/await.js $FOR 2>&1 </dev/null)
}

until holds; do
  if [ $SECONDS -ge $WITHIN_SECONDS ]; then
    printf 'the store is not there yet: %s (docs/store.md, "What the keeper says")\n' "$why" >&2
    exit 1
  fi
  sleep 1
done
