# shellcheck shell=sh
# Runs on a host, as root, read from standard input by host.sh, which puts the settings before it and the step after it:
# NAME, LOGIN, DOCKER_REPOSITORY (URL of an apt repository with docker-ce; empty for the distribution's docker.io),
# DOCKER_VERSION (empty for any), DAEMON (daemon.json), FIREWALL (for nft), REGISTRY, AUTHORITY (PEM of the registry's; empty
# for a public one), STORE (a folder that it needs, or empty), KEEP_DATA, MARKER (what the host is from now on).
# shellcheck disable=SC2153,SC2154,SC2317 # settings, and steps that are called by name

folder=/etc/swarm-system
marker=$folder/machine
rules=$folder/firewall.nft
daemon=/etc/docker/daemon.json
before=$daemon.before-swarm-system
unit=/etc/systemd/system/swarm-firewall.service
sshd=/etc/ssh/sshd_config.d/swarm-system.conf
trust=/etc/docker/certs.d/${REGISTRY%%/*}/ca.crt
trusted=$folder/trusted
engine_within_s=60

fail() {
    echo "$NAME: $*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null; }

has_systemd() { [ -d /run/systemd/system ]; }

engine() {
    if has_systemd; then systemctl "$1" docker; else service docker "$1"; fi >/dev/null
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

# A variable of /etc/os-release, which has a NAME of its own.
os_release() (
    # shellcheck source=/dev/null
    . /etc/os-release && eval "echo \"\${$1-}\""
)

# Writes a file where it is not so yet, and says by its status whether it had to.
put() {
    if [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; then return 1; fi
    { mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"; } || fail "$1 cannot be written"
}

ensure() {
    system=$(os_release ID)
    case $system in debian | ubuntu) ;; *) fail "is $system: a machine needs Debian or Ubuntu" ;; esac
    if has cloud-init; then cloud-init status --wait >/dev/null 2>&1 || true; fi
    renamed=no changed=no
    name_host
    admit_many
    if [ -f "$daemon" ] && [ ! -f "$marker" ] && [ ! -f "$before" ]; then mv "$daemon" "$before"; fi
    if put "$daemon" "$DAEMON"; then changed=yes; fi
    trust_registry
    install_engine
    set_firewall
    [ "$LOGIN" = root ] || usermod --append --groups docker "$LOGIN"
    [ -z "$STORE" ] || mkdir -p "$STORE"
    start_engine
    put "$marker" "$MARKER" || true
}

# The swarm knows a node by its hostname.
name_host() {
    if ! grep -Eqs "^127\.0\.1\.1[[:space:]].*$NAME" /etc/hosts; then echo "127.0.1.1 $NAME" >>/etc/hosts; fi
    [ "$(uname -n)" != "$NAME" ] || return 0
    renamed=yes
    if has_systemd; then
        hostnamectl set-hostname "$NAME"
    else
        echo "$NAME" >/etc/hostname
        hostname "$NAME"
    fi
}

# Pulumi and the scripts open many connections at once, of which sshd by itself drops some when ten are not yet let in.
admit_many() {
    if [ -d "${sshd%/*}" ] && put "$sshd" 'MaxStartups 100:30:200'; then reload_sshd; fi
}

reload_sshd() {
    if has_systemd; then systemctl reload ssh; else service ssh reload; fi >/dev/null
}

# The engine reads it at each pull.
trust_registry() {
    if [ -z "$AUTHORITY" ]; then distrust_registry && return; fi
    put "$trust" "$AUTHORITY" || true
    put "$trusted" "$trust" || true
}

# What an administrator put there stays.
distrust_registry() {
    [ -f "$trusted" ] || return 0
    rm -f "$(cat "$trusted")" "$trusted"
}

installed() { dpkg-query --show --showformat '${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'; }

# Whether a package's version is of the engine's version that is wanted.
is_wanted() {
    [ -n "$1" ] || return 1
    case ${1#*:} in "$DOCKER_VERSION" | "$DOCKER_VERSION"[-+~]*) return 0 ;; esac
    [ -z "$DOCKER_VERSION" ]
}

install_engine() {
    case $DOCKER_REPOSITORY in
        '') package=docker.io other=docker-ce ;;
        *) package=docker-ce other=docker.io ;;
    esac
    [ -z "$(installed "$other")" ] || fail "dockerRepository: it has Docker from the package $other: set dockerRepository to go on with that, or remove it there"
    if is_wanted "$(installed "$package")" && has nft && has curl && has docker; then return; fi
    apt update || fail "apt-get update fails: see what it says there"
    apt install --no-install-recommends ca-certificates curl iptables nftables
    if [ "$package" = docker-ce ]; then
        key=/etc/apt/keyrings/docker.asc
        mkdir -p "${key%/*}"
        curl -fsSL "$DOCKER_REPOSITORY/gpg" -o "$key" || fail "dockerRepository: $DOCKER_REPOSITORY/gpg cannot be had"
        put /etc/apt/sources.list.d/docker.list \
            "deb [arch=$(dpkg --print-architecture) signed-by=$key] $DOCKER_REPOSITORY $(os_release VERSION_CODENAME) stable" || true
        apt update || fail "dockerRepository: apt-get update fails: see what it says there"
    fi
    version=$(apt-cache madison "$package" | awk '{ print $3 }' | while read -r one; do if is_wanted "$one"; then echo "$one"; fi; done | head -n 1)
    [ -n "$version" ] || fail "dockerVersion: its package sources have no $package $DOCKER_VERSION, but $(apt-cache madison "$package" | awk '{ print $3 }' | sort -u | paste -sd ' ')"
    case $package in
        # From Debian 13 on the client is a package of its own.
        docker.io) more=$(apt-cache pkgnames docker-cli | grep -x docker-cli || true) ;;
        docker-ce) more="docker-ce-cli=$version containerd.io" ;;
    esac
    # shellcheck disable=SC2086 # several words, or none
    apt install --no-install-recommends --allow-change-held-packages --allow-downgrades "$package=$version" $more
    apt-mark hold "$package" >/dev/null
}

set_firewall() {
    if put "$rules" "$FIREWALL" || ! nft list table inet swarm_system >/dev/null 2>&1; then nft -f "$rules"; fi
    has_systemd || return 0
    put "$unit" "[Unit]
Description=Firewall of a machine of the swarm
After=nftables.service
Before=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$(command -v nft) -f $rules

[Install]
WantedBy=multi-user.target" || return 0
    systemctl daemon-reload
    systemctl enable --quiet swarm-firewall
}

answers() { docker version >/dev/null 2>&1; }

# Whether the engine answers within its time; sets $until to the end of that.
await_engine() {
    until=$(($(date +%s) + engine_within_s))
    until answers; do
        [ "$(date +%s)" -lt "$until" ] || return 1
        sleep 0.3
    done
}

# Says whether containers that ran were stopped.
start_engine() {
    if ! answers; then
        engine start
    elif [ "$changed" = yes ] || [ "$renamed" = yes ]; then
        engine restart
        echo restarted
    fi
    if has_systemd; then systemctl enable --quiet docker; fi
    await_engine || fail "its Docker engine does not answer: see 'journalctl -u docker', or /var/log/docker.log, there"
    # One that was a manager has to find its swarm again.
    [ "$(docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}')" = 'active true' ] || return 0
    until timeout 10 docker node ls >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$until" ] || fail "it does not find the other managers of its swarm again"
        sleep 0.3
    done
}

release() {
    # One that was stopped knows what there is to be removed.
    if has docker && { answers || engine start; } && await_engine; then
        containers=$(docker container ls --all --quiet --filter label=com.docker.swarm.service.name)
        # shellcheck disable=SC2086 # a list of ids
        volumes=$([ -z "$containers" ] || docker container inspect --format \
            '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}' $containers | tr ' ' '\n' | sort -u)
        if [ "$(docker info --format '{{.Swarm.LocalNodeState}}')" != inactive ]; then docker swarm leave --force >/dev/null; fi
        # shellcheck disable=SC2086 # likewise
        [ -z "$containers" ] || docker container rm --force --volumes $containers >/dev/null 2>&1 || true
        # shellcheck disable=SC2086 # likewise
        [ -z "$volumes" ] || docker volume rm --force $volumes >/dev/null
        images=$(docker image ls --quiet --filter "reference=$REGISTRY/*" | sort -u)
        # shellcheck disable=SC2086 # likewise
        [ -z "$images" ] || docker image rm --force $images >/dev/null
        docker network rm docker_gwbridge >/dev/null 2>&1 || true
    fi
    if [ -n "$STORE" ] && [ "$KEEP_DATA" = false ]; then rm -rf "$STORE"; fi
    ! has nft || nft -f - <<'EOF'
table inet swarm_system
delete table inet swarm_system
EOF
    if [ -f "$unit" ]; then
        systemctl disable --quiet swarm-firewall
        rm "$unit"
    fi
    if [ -f "$sshd" ]; then
        rm "$sshd"
        reload_sshd
    fi
    distrust_registry
    rm -rf "$folder"
    if [ -f "$before" ]; then mv "$before" "$daemon"; else rm -f "$daemon"; fi
    for package in docker.io docker-ce; do
        [ -z "$(installed "$package")" ] || apt-mark unhold "$package" >/dev/null
    done
}
