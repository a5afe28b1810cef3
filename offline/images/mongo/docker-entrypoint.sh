#!/bin/bash
# Runs FerretDB where the official image would run mongod, with the options of mongod that mean something here. With
# --replSet it is the only member of that set, under this container's hostname. With --keyFile clients must
# authenticate, and __system in the database local has the key as its password, as in mongod.
set -euo pipefail

fail() { echo "mongo stand-in: $*" >&2; exit 1; }

[ "${1-}" != mongod ] || shift
if [ "$(id -u)" -eq 0 ]; then
    find /data/db \! -user mongodb -exec chown mongodb '{}' +
    exec setpriv --reuid=mongodb --regid=mongodb --clear-groups -- "$0" "$@"
fi

set_name='' key_file='' address=127.0.0.1
while [ $# -gt 0 ]; do
    case $1 in
        --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    esac
    case $1 in
        --replSet) set_name=${2-} && shift 2 ;;
        --keyFile) key_file=${2-} && shift 2 ;;
        --bind_ip) address=${2-} && shift 2 ;;
        --bind_ip_all) address='' && shift ;;
        # There is no such cache here.
        --wiredTigerCacheSizeGB) shift 2 ;;
        --quiet) shift ;;
        *) fail "$1 is not an option that the stand-in for mongod knows" ;;
    esac
done

data=/data/db
options=(--handler=sqlite "--sqlite-url=file:$data/" "--state-dir=$data" --telemetry=disable --debug-addr= --log-level=error)

# Listening under a name makes it the member's name in the set, which is what clients go on with.
[ -z "$set_name" ] || { options+=("--repl-set-name=$set_name") && address=$(hostname); }

# What tells a key from another.
key_mark() { sha256sum <"$key_file" | cut -c 1-16; }

# Runs where nobody else can connect, until the user is there. All users are kept in two databases that hold nothing else: where
# this was interrupted, or the key is another one, they go, and whoever makes users makes them anew.
create_system_user() {
    local socket=/tmp/setup.sock pid key
    rm -f "$data"/admin.sqlite* "$data"/local.sqlite* "$socket"
    key=$(tr -d '[:space:]' <"$key_file")
    FERRETDB_SETUP_PASSWORD=$key ferretdb "${options[@]}" --listen-addr= "--listen-unix=$socket" \
        --test-enable-new-auth --setup-database=local --setup-username=__system &
    pid=$!
    until [ -S "$socket" ]; do
        kill -0 "$pid" 2>/dev/null || fail 'FerretDB ended before it was set up'
        sleep 0.05
    done
    kill -TERM "$pid"
    wait "$pid" || true
    rm -f "$socket"
    key_mark >"$data/set-up"
}

if [ -n "$key_file" ]; then
    [ -r "$key_file" ] || fail "cannot read the key file $key_file: it must belong to uid 999, mode 0400"
    case $(stat -Lc %a "$key_file") in ?00) ;; *) fail "permissions on $key_file are too open" ;; esac
    [ "$(cat "$data/set-up" 2>/dev/null)" = "$(key_mark)" ] || create_system_user
    options+=(--test-enable-new-auth)
fi
echo "mongo stand-in: $(ferretdb --version | sed -n 's/^version: //p') of FerretDB, not MongoDB; $address is the only member of ${set_name:-no set}" >&2
exec ferretdb "${options[@]}" "--listen-addr=$address:27017"
