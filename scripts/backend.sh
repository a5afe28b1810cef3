# shellcheck shell=sh
# What a run of Pulumi that was killed leaves in a backend of files. Sourced.
#   Its lock on the stack: each tells the process and the host that hold it, so one whose process is gone can be removed.
#   An empty NAME.attrs, killed while it was written: Pulumi then reads nothing of NAME ("EOF"), and does without the file.

# Whether the process of that number is a Pulumi CLI that runs: one that was killed keeps its number and name until it is reaped.
is_running_cli() {
    [ "$(cat "/proc/$1/comm" 2>/dev/null)" = pulumi ] && ! grep -qs '^State:[[:space:]]*[ZX]' "/proc/$1/status"
}

mend_backend() {
    case ${PULUMI_BACKEND_URL-} in file://*) ;; *) return 0 ;; esac
    folder=${PULUMI_BACKEND_URL#file://}
    folder=${folder%%\?*}
    case $folder in "~"*) folder=$HOME${folder#"~"} ;; esac
    [ -d "$folder/.pulumi" ] || return 0
    find "$folder/.pulumi" -name '*.attrs' -type f -empty -delete
    [ -d "$folder/.pulumi/locks" ] || return 0
    find "$folder/.pulumi/locks" -name '*.json' -type f | while read -r lock; do
        pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$lock" 2>/dev/null)
        host=$(sed -n 's/.*"hostname":"\([^"]*\)".*/\1/p' "$lock" 2>/dev/null)
        if [ "$host" != "$(uname -n)" ] || is_running_cli "${pid:-0}"; then continue; fi
        say "Removing the lock that a run of Pulumi left behind (process $pid is gone)"
        rm -f "$lock" "$lock.attrs"
    done
}
