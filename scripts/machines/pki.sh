#!/usr/bin/env bash
# Makes a stack's certificate authority, and from it the engines' and the client's certificate.
# Environment: STACK. Prints JSON with PEM in base64: secret, kept encrypted in the stack's state. The
# authority's own key is not kept: nothing is signed later.
set -euo pipefail

VALID_DAYS=3650
# In memory, and what a run that was killed left there goes with the next one.
find /dev/shm -maxdepth 1 -user "$(id -u)" -name "swarm-pki-$STACK.*" -exec rm -rf {} +
folder=$(mktemp -d "/dev/shm/swarm-pki-$STACK.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
umask 077

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1-key.pem" 2>/dev/null; }

# issue NAME EXTENSIONS: a certificate for NAME, signed by the authority.
issue() {
  new_key "$1"
  openssl req -new -key "$1-key.pem" -subj "/O=swarm $STACK/CN=$1" -out "$1.csr"
  printf '%s\n' "$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial \
    -days $VALID_DAYS -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}

encode() { base64 -w0 "$1"; }

new_key ca
openssl req -x509 -new -key ca-key.pem -days $VALID_DAYS -subj "/O=swarm $STACK/CN=authority" \
  -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' -out ca.pem
# Engines are reached through the edge on loopback, so they share one name.
issue engine $'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth'
issue client 'extendedKeyUsage=clientAuth'

printf '{"ca":"%s","engineKey":"%s","engine":"%s","clientKey":"%s","client":"%s"}' \
  "$(encode ca.pem)" "$(encode engine-key.pem)" "$(encode engine.pem)" \
  "$(encode client-key.pem)" "$(encode client.pem)"
