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

# refuse WHAT: the machines have a swarm that the state, for which this is one to be made, knows nothing of.
refuse() {
  printf "the machines of stack %s have a swarm %s. Was a 'make down' cut off? Finish it: 'make down STACK=%s', and then 'make up STACK=%s'. With it goes what is on the machines' volumes\n" \
    "$STACK" "$1" "$STACK" "$STACK" >&2
  exit 1
}

await 30 'a leader' living_cluster >/dev/null || refuse 'without a leader'
manager=$(living_manager '')
# Where the swarm was just made, or its making was not noted, nothing is on it yet but what it has by itself.
services=$(on "$manager" docker service ls --quiet </dev/null | grep -c . || true)
networks=$(on "$manager" docker network ls --filter scope=swarm --format '{{.Name}}' </dev/null | grep -cvx ingress || true)
if [ "$services" -gt 0 ] || [ "$networks" -gt 0 ]; then
  refuse "with $services services and $networks networks that the stack's state does not know"
fi

living_cluster
