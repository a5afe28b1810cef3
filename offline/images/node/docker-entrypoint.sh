#!/bin/sh
# As in the official image: what is no command, an option or a script that is not executable, goes to node.
set -e

is_for_node() {
    case $1 in -*) return 0 ;; esac
    command -v "$1" >/dev/null || return 0
    [ -f "$1" ] && [ ! -x "$1" ]
}

if is_for_node "${1-}"; then set -- node "$@"; fi
exec "$@"
