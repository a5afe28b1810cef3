#!/bin/sh
# Runs every check there is, and prints the sum of their tests as the last line: lint, shellcheck, actionlint, unit tests (the
# conformance of the offline plugins among them), the images of the proxy and of the socket proxy with real HAProxy, nodeapp1 on a
# database, the companion with Pebble, the store's image, logging as a whole in containers, end-to-end tests, faults under load.
# Usage: scripts/test.sh
# shellcheck disable=SC2016,SC2317 # JavaScript in quotes; functions that are called by name
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$root/scripts/lib.sh"
cd "$root" || exit 1
# What the tests call by make is to print what it prints to a user, and not that make called make.
unset MAKEFLAGS MFLAGS MAKELEVEL

results=artefacts/results
mkdir -p "$results"
rm -f "$results"/*.json
failed=0

# Runs the function of that name. A check without counts of its own counts as one test.
check() {
    name=$1
    say "$name"
    "$name" && passes=1 || passes=0
    if [ ! -f "$results/$name.json" ]; then
        echo "{\"numPassedTests\": $passes, \"numFailedTests\": $((1 - passes))}" >"$results/$name.json"
    fi
    [ "$passes" -eq 1 ]
}

lint() { npm run --silent lint; }
shellcheck() { scripts/shellcheck.sh; }
actionlint() { scripts/actionlint.sh; }
unit() { npx jest --json --outputFile="$results/unit.json"; }
# The tests of an app with real counterparts, most of them in its image.
integration() { npx jest --config "apps/$1/jest.integration.config.js" --json --outputFile="$results/$2.json"; }
proxy() { integration proxy proxy; }
socket_proxy() { integration socket-proxy socket_proxy; }
nodeapp1() { integration nodeapp1 nodeapp1; }
companion() { scripts/pebble >/dev/null && integration letsencrypt-companion companion; }
mongo_keeper() { integration mongo-keeper mongo_keeper; }
log_keeper() { integration log-keeper log_keeper; }
e2e() { npx jest --config test/e2e/jest.config.js --json --outputFile="$results/e2e.json"; }
faults() { npx jest --config test/faults/jest.config.js --json --outputFile="$results/faults.json"; }

check lint || failed=1
check shellcheck || failed=1
check actionlint || failed=1
check unit || failed=1
scripts/pulumi version >/dev/null || exit 1 # the engine, the base images and the CLI, for all that follow
# It waits for a CA most of the time: beside the others, and shown after them.
check companion >artefacts/companion.log 2>&1 &
companion=$!
# So do these, for Elasticsearch.
check log_keeper >artefacts/log-keeper.log 2>&1 &
log_keeper=$!
check proxy || failed=1
check socket_proxy || failed=1
check nodeapp1 || failed=1
check mongo_keeper || failed=1
wait "$companion" || failed=1
cat artefacts/companion.log
wait "$log_keeper" || failed=1
cat artefacts/log-keeper.log
check e2e || failed=1
check faults || failed=1

typescript results "$results"
exit "$failed"
