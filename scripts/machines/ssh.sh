#!/usr/bin/env bash
# Runs a command on a host, as root: the shell of machines that are hosts.
# Usage: ssh.sh STACK NAME USER@ADDRESS:PORT TYPE,KEY COMMAND…
#   TYPE,KEY   the host's public key; where it shows another one, nothing is run
set -euo pipefail
stack=$1 name=$2 destination=$3 key=$4
shift 4
folder=$(cd "$(dirname "$0")/../.." && pwd)/.access/$stack
if [ ! -f "$folder/config" ]; then
  printf "%s: this computer has no access to the hosts of stack %s: 'make preview STACK=%s' gives it that\n" "$name" "$stack" "$stack" >&2
  exit 1
fi

# A host that the settings no longer have is known here as well.
known=$folder/known/$name-$(sha256sum <<<"$key" | cut -c 1-16)
if [ ! -f "$known" ]; then
  printf '%s %s\n' "$name" "${key/,/ }" >"$known.$$"
  mv "$known.$$" "$known"
fi
algorithms=${key%%,*}
[ "$algorithms" != ssh-rsa ] || algorithms=rsa-sha2-512,rsa-sha2-256
address=${destination#*@}

# The other side's shell reads the command line once more.
quoted=
for word; do quoted+=" '${word//\'/\'\\\'\'}'"; done
# shellcheck disable=SC2016 # for the other side
exec ssh -F "$folder/config" -T -l "${destination%%@*}" -p "${address##*:}" \
  -o "HostKeyAlias=$name" -o "HostKeyAlgorithms=$algorithms" -o "UserKnownHostsFile=\"$known\"" \
  -- "${address%:*}" '[ "$(id -u)" -ne 0 ] || exec'"$quoted"'; exec sudo -n'"$quoted"
