# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154 # JavaScript in quotes; what lib.sh sets
# Makes sure that everything is there that the program needs, and sets the environment of the Pulumi CLI.
# Sourced, with $root set; `ensure_toolchain` is what callers use, `ensure_modules` and `use_backend` its parts.
#
# Where the hosts that the tools come from do not answer, what is in offline/ stands in; without that folder,
# everything comes from those hosts.

minimum_node=20
releases=${PULUMI_RELEASES:-https://get.pulumi.com/releases/sdk}
offline=$root/offline
offline_home=$offline/dist/pulumi-home

# "5.2.0" for @pulumi/docker.
pinned() { sed -n "s|^ *\"@pulumi/$1\": \"\([^\"]*\)\".*|\1|p" "$root/package.json"; }

ensure_node() {
    command -v node >/dev/null || fail "Node.js is missing: install version $minimum_node or newer (https://nodejs.org)"
    version=$(node --version)
    major=${version#v}
    [ "${major%%.*}" -ge "$minimum_node" ] || fail "Node.js $version is too old: install version $minimum_node or newer"
}

# Installs what the package-lock.json of a folder says, unless that has been done.
ensure_modules() {
    installed=$1/node_modules/.package-lock.json
    lock=$1/package-lock.json
    stamp=$1/node_modules/.installed-lock.json
    [ -f "$lock" ] || return 0
    # shellcheck disable=SC3013 # every sh of today's has -nt
    if [ -f "$installed" ] && { cmp -s "$lock" "$stamp" || [ "$installed" -nt "$lock" ]; }; then return 0; fi
    command -v npm >/dev/null || fail "npm is missing: install it with Node.js"
    say "Installing the npm packages of ${1#"$root"/}"
    logged npm ci --prefix "$1" --no-audit --no-fund --loglevel=error
    cp "$lock" "$stamp"
}

refuse_offline_forbidden() {
    if [ "${OFFLINE-}" = 0 ]; then fail "$1, and OFFLINE=0 forbids to make a stand-in for it"; fi
    [ -d "$offline" ] || fail "$1"
}

# Whether the host that the Pulumi CLI and its plugins come from answers. Asked once a run.
upstream_answers() {
    case ${OFFLINE-} in 1) return 1 ;; esac
    if [ -z "${upstream-}" ]; then
        upstream=no
        if node -e '
            fetch(process.argv[1], { method: "HEAD", signal: AbortSignal.timeout(10000) })
                .then((r) => process.exit(r.status < 500 ? 0 : 1), () => process.exit(1))' "$releases" 2>/dev/null
        then upstream=yes; fi
    fi
    [ "$upstream" = yes ]
}

# The pulumi of the user, if there is one: not scripts/pulumi.
pulumi_on_path() {
    [ "${OFFLINE-}" != 1 ] || return 1
    found=$(command -v pulumi) && [ "$(readlink -f "$found")" != "$root/scripts/pulumi" ] && echo "$found"
}

download_cli() {
    case $(uname -m) in
        x86_64) platform=linux-x64 ;;
        aarch64) platform=linux-arm64 ;;
        *) fail "no Pulumi CLI for $(uname -m)" ;;
    esac
    say "Downloading the Pulumi CLI v$1 (once)"
    mkdir -p "$2"
    part=$(mktemp -d "$2/part.XXXXXX")
    logged node -e '
        const { writeFileSync } = require("node:fs");
        fetch(process.argv[1]).then(async (r) => {
            if (!r.ok) throw new Error(`${r.url} answers ${r.status}`);
            writeFileSync(process.argv[2], Buffer.from(await r.arrayBuffer()));
        });' "$releases/pulumi-v$1-$platform.tar.gz" "$part/pulumi.tar.gz"
    logged tar -xzf "$part/pulumi.tar.gz" -C "$part"
    mv "$part/pulumi" "$2/bin"
    rm -rf "$part"
}

# Sets $cli to the CLI's path, and $cli_is_ours to yes where it was built here.
ensure_cli() {
    wanted=$(pinned pulumi)
    downloaded=$cache/pulumi-v$wanted
    built=$cache/pulumi-v$wanted-built
    cli_is_ours=no
    if cli=$(pulumi_on_path); then return; fi
    cli=$downloaded/bin/pulumi
    if [ "${OFFLINE-}" != 1 ] && [ -x "$cli" ]; then return; fi
    if [ ! -x "$built/pulumi" ] || [ "${OFFLINE-}" = 0 ]; then
        if upstream_answers; then
            download_cli "$wanted" "$downloaded"
            return
        fi
        refuse_offline_forbidden "the Pulumi CLI is not installed, and its download host does not answer"
        say "Building the Pulumi CLI v$wanted from its Go module (about 4 min, once)"
        mkdir -p "$built"
        logged "$offline/pulumi/cli/build" "$built/pulumi"
    fi
    cli=$built/pulumi
    cli_is_ours=yes
}

# "NAME VERSION" of every plugin for resources that the program needs.
plugins() { for name in docker command; do echo "$name $(pinned "$name")"; done; }

plugins_installed() {
    home=${PULUMI_HOME:-$HOME/.pulumi}
    plugins | while read -r name version; do
        [ -x "$home/plugins/resource-$name-v$version/pulumi-resource-$name" ] || return 1
    done
}

# Everything that the bundles are made of is older than they are.
bundles_are_fresh() {
    [ -f "$offline_home/made" ] || return 1
    changed=$(find "$offline/pulumi" "$offline/package-lock.json" "$offline"/*.mjs "$root/package.json" \
        -newer "$offline_home/made" -type f \( -name '*.ts' -o -name '*.mjs' -o -name '*.json' \) \
        ! -path '*/test/*' ! -name '*.test.ts' -print -quit)
    [ -z "$changed" ]
}

# Puts a plugin where the CLI looks for it: a folder of that exact name, in which the file may be a link.
place_plugin() {
    folder=$offline_home/plugins/$1-v$2
    mkdir -p "$folder"
    ln -sf "$offline/dist/$3" "$folder/$(basename "$3")"
}

ensure_offline_plugins() {
    bundles_are_fresh && return
    ensure_modules "$offline"
    say "Bundling the offline language host and plugins"
    logged npm run --prefix "$offline" --silent build
    rm -rf "$offline_home"
    place_plugin language-nodejs "$(pinned pulumi)" bin/pulumi-language-nodejs
    plugins | while read -r name version; do place_plugin "resource-$name" "$version" "pulumi-resource-$name"; done
    touch "$offline_home/made"
}

# Has the CLI use the offline plugins where the real ones are neither installed nor to be had.
use_plugins() {
    if [ "${OFFLINE-}" != 1 ] && plugins_installed && [ "$cli_is_ours" = no ]; then return; fi
    if [ "$cli_is_ours" = no ] && upstream_answers; then return; fi
    refuse_offline_forbidden "Pulumi's plugins are not installed, and their download host does not answer"
    ensure_offline_plugins
    # A login of the user's stays in force, and one to come is not lost with the folder.
    export PULUMI_CREDENTIALS_PATH="${PULUMI_CREDENTIALS_PATH:-${PULUMI_HOME:-$HOME/.pulumi}}"
    mkdir -p "$PULUMI_CREDENTIALS_PATH"
    export PULUMI_HOME="$offline_home"
    export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true
}

logged_in() {
    grep -q '"current": *"[^"]' "${PULUMI_CREDENTIALS_PATH:-${PULUMI_HOME:-$HOME/.pulumi}}/credentials.json" 2>/dev/null
}

# Where stacks are kept: where the user says, by PULUMI_BACKEND_URL or a login; else on this machine, outside of the
# clone, with a passphrase made for it.
use_backend() {
    if [ -n "${PULUMI_BACKEND_URL-}" ] || logged_in; then return; fi
    mkdir -p "$data/state"
    chmod 700 "$data"
    export PULUMI_BACKEND_URL="file://$data/state"
    if [ -n "${PULUMI_CONFIG_PASSPHRASE+set}${PULUMI_CONFIG_PASSPHRASE_FILE+set}" ]; then return; fi
    export PULUMI_CONFIG_PASSPHRASE_FILE="$data/passphrase"
    if [ ! -s "$PULUMI_CONFIG_PASSPHRASE_FILE" ]; then
        # A link appears whole or not at all, and does not replace: two first runs agree on one passphrase.
        new=$(mktemp "$data/passphrase.XXXXXX")
        node -e 'process.stdout.write(require("node:crypto").randomBytes(32).toString("base64url"))' >"$new"
        ln "$new" "$PULUMI_CONFIG_PASSPHRASE_FILE" 2>/dev/null || true
        rm -f "$new"
    fi
}

ensure_engine() {
    if [ -x "$offline/engine/ensure" ] && [ "${OFFLINE-}" != 0 ]; then "$offline/engine/ensure"; return; fi
    command -v docker >/dev/null || fail "Docker is not installed: https://docs.docker.com/engine/install/"
    if answer=$(docker version --format '{{.Server.Version}}' 2>&1); then return; fi
    case $answer in
        *"ermission denied"*) fail "no right to use the Docker engine: run this as root, or join the group docker" ;;
        *) fail "the Docker engine does not answer: start it ('sudo systemctl start docker')" ;;
    esac
}

ensure_images() {
    if [ -x "$offline/images/ensure" ]; then TOOLCHAIN_LOG=$log "$offline/images/ensure"; fi
}

# Only one run at a time makes things; the others wait for what it makes.
locked() {
    mkdir -p "$cache"
    command -v flock >/dev/null || fail "flock is missing: install util-linux"
    exec 9>"$cache/lock"
    if ! flock --nonblock 9; then
        say "Waiting for another run that prepares the tools"
        flock 9
    fi
    "$@"
    exec 9>&-
}

ensure_all() {
    ensure_node
    ensure_modules "$root"
    ensure_engine
    ensure_images
    ensure_cli
    use_plugins
}

ensure_toolchain() {
    mkdir -p "$cache"
    locked ensure_all
    use_backend
    export PULUMI_SKIP_UPDATE_CHECK=true
}
