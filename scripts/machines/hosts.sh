# shellcheck shell=bash
# Sourced: what machines that are hosts say. Environment: STACK.

# `sentence NAME SHELL COMPLAINT`: where ssh's complaint is one that waiting does not help against, prints what to do; fails otherwise.
sentence() {
  local name=$1 shell=$2 complaint=$3 index address key shown configured remedy
  # Of a host that the settings no longer have, there is no place in them.
  index=$(awk -v name="$name" '$1 == name { print $3 }' ".access/$STACK/machines" 2>/dev/null)
  read -r _ _ _ _ address key _ <<<"$shell"
  case $complaint in
    *'Host key verification failed'* | *'IDENTIFICATION HAS CHANGED'* | *'no matching host key type'*)
      shown=$(grep -om 1 'SHA256:[A-Za-z0-9+/]*' <<<"$complaint" || echo 'one of another type')
      configured=$(ssh-keygen -lf - <<<"${key/,/ }" | cut -d ' ' -f 2)
      remedy="pulumi config set --path 'hosts[$index].hostKey' '…'"
      printf '%s.hostKey: %s (%s) shows another key (%s) than the one that is set (%s): another machine answers there, or it was installed anew. %s\n' \
        "hosts[$index]" "$name" "$address" "$shown" "$configured" \
        "Read the key on the host itself, in /etc/ssh/ssh_host_*_key.pub, and set it with \"$remedy\"" ;;
    *'Permission denied'* | *'Too many authentication failures'* | *'Load key'*)
      printf '%s.user: %s does not let %s in: put the public half of the key into ~/.ssh/authorized_keys there, or set the private one with "pulumi config set --secret sshKey <FILE", or add it to the agent (ssh-add)\n' \
        "hosts[$index]" "$name" "${address%%:*}" ;;
    *'sudo: '*)
      printf '%s.user: %s is not root on %s and has no sudo without a password: allow it there, or set another with "pulumi config set --path '\''hosts[%s].user'\'' …"\n' \
        "hosts[$index]" "${address%%@*}" "$name" "$index" ;;
    *) return 1 ;;
  esac
}
