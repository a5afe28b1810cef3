#!/usr/bin/env bash
# Makes the swarm of a stack on its first manager, or finds the one that an interrupted run made.
# It runs on create only, so a stack whose managers all died never gets a second swarm by itself.
# Environment: STACK, ENGINE, NAME, SHELL_PREFIX (the first manager's), ADDRESS, POOL, MASK_LENGTH.
# Prints the cluster's id.
set -euo pipefail
# shellcheck source=scripts/machines/managers.sh
. "$(dirname "$0")/managers.sh"

state=$(swarm_state "$SHELL_PREFIX")
if [ "${state%% *}" = inactive ] && ! living_manager "$SHELL_PREFIX" >/dev/null; then
  # Its output holds a join token.
  on "$SHELL_PREFIX" docker swarm init --advertise-addr "$ADDRESS" --listen-addr "$ADDRESS" \
    --default-addr-pool "$POOL" --default-addr-pool-mask-length "$MASK_LENGTH" </dev/null >/dev/null
fi

await 30 'a leader' living_cluster
