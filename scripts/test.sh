#!/bin/sh
# Runs every check there is, and prints the sum of their tests as the last line: lint, shellcheck, unit tests (the conformance of the
# offline plugins among them), the images of the proxy and of the socket proxy with real HAProxy, nodeapp1 on a database, the companion
# with Pebble, the store's image, end-to-end tests, faults under load.
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

# A check without counts of its own counts as one test.
check() {
    name=$1
    shift
    say "$name"
    "$@" && passes=1 || passes=0
    if [ ! -f "$results/$name.json" ]; then
        echo "{\"numPassedTests\": $passes, \"numFailedTests\": $((1 - passes))}" >"$results/$name.json"
    fi
    [ "$passes" -eq 1 ] || failed=1
}

unit() { npx jest --json --outputFile="$results/unit.json"; }
proxy() {
    scripts/pulumi version >/dev/null && # the engine and the base images
        npx jest --config apps/proxy/jest.integration.config.js --json --outputFile="$results/proxy.json"
}
socket_proxy() {
    scripts/pulumi version >/dev/null &&
        npx jest --config apps/socket-proxy/jest.integration.config.js --json --outputFile="$results/socket_proxy.json"
}
nodeapp1() { npx jest --config apps/nodeapp1/jest.integration.config.js --json --outputFile="$results/nodeapp1.json"; }
companion() {
    scripts/pulumi version >/dev/null && scripts/pebble >/dev/null &&
        npx jest --config apps/letsencrypt-companion/jest.integration.config.js --json --outputFile="$results/companion.json"
}
mongo_keeper() {
    scripts/pulumi version >/dev/null &&
        npx jest --config apps/mongo-keeper/jest.integration.config.js --json --outputFile="$results/mongo_keeper.json"
}
e2e() { npx jest --config test/e2e/jest.config.js --json --outputFile="$results/e2e.json"; }
faults() { npx jest --config test/faults/jest.config.js --json --outputFile="$results/faults.json"; }

check lint npm run --silent lint
check shellcheck scripts/shellcheck.sh
check unit unit
check proxy proxy
check socket_proxy socket_proxy
check nodeapp1 nodeapp1
check companion companion
check mongo_keeper mongo_keeper
check e2e e2e
check faults faults

# Suites that could not even start have no tests to count.
node -e '
    const { readdirSync, readFileSync } = require("node:fs");
    const sum = { passed: 0, failed: 0, skipped: 0 };
    for (const file of readdirSync(process.argv[1])) {
        const result = JSON.parse(readFileSync(`${process.argv[1]}/${file}`, "utf8"));
        sum.passed += result.numPassedTests;
        sum.failed += result.numFailedTests + (result.numRuntimeErrorTestSuites ?? 0);
        sum.skipped += (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0);
    }
    console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);' "$results"
exit "$failed"
