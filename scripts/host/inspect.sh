#!/usr/bin/env bash
# What the host's engine holds of a stack, and what would be in its way. Reads only.
# Environment: STACK, ENGINE (the engine's address), IMAGES (names, one a line).
# Prints one fact a line, fields separated by tabs; infra/host.ts reads it.
set -euo pipefail

fail() { printf '%s\n' "$*" >&2; exit 1; }

for tool in docker openssl flock; do
  command -v "$tool" >/dev/null || fail "$tool is missing on this machine: install it (Debian: apt-get install ${tool/docker/docker.io})"
done

export DOCKER_HOST=$ENGINE
unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT
if ! answer=$(docker version --format '{{.Server.Os}} {{.Server.Arch}}' 2>&1); then
  case $answer in
    *'permission denied'*) fail "no right to use the Docker engine at $ENGINE: run as root or join the group docker" ;;
    *) fail "no Docker engine answers at $ENGINE: start it (make up does), or install it. It said: ${answer##*$'\n'}" ;;
  esac
fi
printf 'platform\t%s\t%s\n' "${answer% *}" "${answer#* }"

docker container ls --all --filter "label=swarm.stack=$STACK" \
  --format $'container\t{{.Names}}\t{{.State}}\t{{.Label "swarm.generation"}}\t{{.Ports}}'

# One at a time: a network of another stack may go while this looks.
docker network ls --format '{{.ID}}' | while read -r id; do
  docker network inspect "$id" --format \
    $'network\t{{.Name}}\t{{range .IPAM.Config}}{{.Subnet}} {{end}}' 2>/dev/null || true
done

# Where this machine sends packets other than by default: interface, destination and mask, in hex as the
# kernel has them, lowest byte first.
awk 'NR > 1 && $8 != "00000000" { print "route\t" $1 "\t" $2 "\t" $8 }' /proc/net/route

# Ports on which something listens, in hex, as the kernel lists them (state 0A).
sed 1d /proc/net/tcp /proc/net/tcp6 2>/dev/null |
  awk '$4 == "0A" { n = split($2, part, ":"); print part[n] }' | sort -u |
  while read -r port; do printf 'listening\t%d\n' "0x$port"; done

while read -r image; do
  [ -n "$image" ] || continue
  docker image inspect "$image" --format $'image\t'"$image"$'\t{{index .Config.Labels "swarm.stand-in"}}' 2>/dev/null || true
done <<<"${IMAGES:-}"
