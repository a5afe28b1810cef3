# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what is set here is used by those who source this, who set root
# What the scripts of this folder share. Sourced, with $root set to the repository.

# Where what is expensive to make and the same for every clone is kept, and where stacks are.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/swarm-system
data=${XDG_DATA_HOME:-$HOME/.local/share}/swarm-system
log=$cache/toolchain.log

# The machines must be where their ports are: on the engine of this machine.
unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT
# The CLI and its plugins talk over loopback, which no proxy reaches.
no_proxy=${no_proxy:-${NO_PROXY:-}}
no_proxy=${no_proxy:+$no_proxy,}127.0.0.1,localhost
NO_PROXY=$no_proxy
export no_proxy NO_PROXY

say() { echo "==> $*" >&2; }
fail() {
    echo "error: $*" >&2
    exit 1
}

# Runs a long command, its output in the log. Where it fails, the first error that it told is repeated.
logged() {
    mkdir -p "$cache"
    part=$(mktemp "$cache/log.XXXXXX")
    if "$@" >"$part" 2>&1; then status=0; else status=$?; fi
    { echo "--- $(date) $*" && cat "$part"; } >>"$log"
    if [ "$status" -ne 0 ]; then
        message=$(grep -i -m 1 'error' "$part" || grep -v '^[[:space:]]*$' "$part" | tail -n 1)
        rm -f "$part"
        fail "$1 failed: $message (all of it: $log)"
    fi
    rm -f "$part"
}

# Whether the stacks in file $1, as `pulumi stack ls --json` prints them, have one named $2.
lists_stack() { grep -Eq "\"name\": *\"([^\"]*/)?$2\"" "$1"; }

# Runs scripts/$1.ts with the other arguments.
typescript() {
    script=$root/scripts/$1.ts
    shift
    TS_NODE_PROJECT=$root/tsconfig.json node -r "$root/node_modules/ts-node/register/transpile-only" "$script" "$@"
}
