#!/bin/sh
# Lints the workflows of GitHub Actions; builds actionlint from its Go module where that has not been done.
# Usage: scripts/actionlint.sh
set -eu
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$root/scripts/lib.sh"
# shellcheck source-path=SCRIPTDIR source=go.sh
. "$root/scripts/go.sh"

version=v1.7.12
# What its go.mod asks for.
go_version=1.25.0
program=$cache/actionlint-$version

if [ ! -x "$program" ]; then
    say "Building actionlint $version from its Go module (half a minute, once)"
    mkdir -p "$cache"
    logged ensure_go "$go_version"
    new=$(mktemp -d "$program.XXXXXX")
    GOBIN=$new logged go install -trimpath -ldflags "-s -w" "github.com/rhysd/actionlint/cmd/actionlint@$version"
    mv "$new/actionlint" "$program"
    rmdir "$new"
fi
cd "$root"
"$program" .github/workflows/*.yml
