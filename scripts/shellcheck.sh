#!/bin/sh
# Lints every shell script of the repository; installs shellcheck from Debian where it is missing.
# Usage: scripts/shellcheck.sh
set -eu
cd "$(dirname "$0")/.."

if ! command -v shellcheck >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "error: shellcheck is missing: install it (Debian: apt-get install shellcheck)" >&2
        exit 1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends shellcheck >/dev/null
fi

# What git knows of, or would add, and is shell by its name or its first line.
git ls-files --cached --others --exclude-standard | while read -r file; do
    [ -f "$file" ] || continue
    case ${file##*/} in
        *.sh) echo "$file" ;;
        *.*) ;;
        *) head -n 1 "$file" | grep -Eq '^#!.*[/ ](ba)?sh( |$)' && echo "$file" ;;
    esac
done | xargs shellcheck --external-sources
