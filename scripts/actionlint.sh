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
folder=$cache/actionlint-$version-built

if [ ! -x "$folder/actionlint" ]; then
    say "Building actionlint $version from its Go module (half a minute, once)"
    install_programs "$folder" "$go_version" "github.com/rhysd/actionlint/cmd/actionlint@$version"
fi
cd "$root"
"$folder/actionlint" .github/workflows/*.yml
