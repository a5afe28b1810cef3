#!/bin/sh
# Runs what no stand-in can show, where Docker Hub answers: the store's image tests against the genuine image, and a replica set
# of three that is formed, loses its primary, its network and its volumes, and is backed up and restored; then the ledger of log
# lines in its long form, on a cluster of its own with Elastic's images.
# Usage: scripts/test-upstream.sh      MONGO_IMAGE=mongo:8 chooses another image
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$root/scripts/lib.sh"
cd "$root"

export MONGO_IMAGE="${MONGO_IMAGE:-mongo:8}"
if ! docker image inspect "$MONGO_IMAGE" >/dev/null 2>&1; then
    say "Pulling $MONGO_IMAGE"
    docker pull "$MONGO_IMAGE" || fail "$MONGO_IMAGE cannot be pulled: this needs Docker Hub, or MONGO_IMAGE=… that is there"
fi
standin=$(docker image inspect --format '{{index .Config.Labels "swarm.stand-in"}}' "$MONGO_IMAGE")
[ -z "$standin" ] || fail "$MONGO_IMAGE is a stand-in here ($standin): 'make clean-cache' removes it; then run this where Docker Hub answers"
npx jest --config apps/mongo-keeper/jest.integration.config.js
npx jest --config apps/mongo-keeper/jest.upstream.config.js
# Without OFFLINE=0 stand-ins would do.
OFFLINE=0 FAULTS_LONG=1 npx jest --config test/faults/jest.config.js 07-logs
