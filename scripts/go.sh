# shellcheck shell=sh
# Go for what is built from its Go module. Sourced.
#   ensure_go VERSION   has a Go on PATH that builds modules which need that one (such as 1.25.11): where Go is missing or too
#                       old, Debian's, and with it the toolchain, from the Go module proxy
#   install_programs FOLDER VERSION PACKAGE@VERSION…
#                       builds programs with that Go into a folder, which is there as a whole or not at all; with lib.sh

go_fail() {
    echo "error: $*" >&2
    exit 1
}

# The minor version of the Go on PATH: 19 for go1.19.8; 0 if there is none.
go_minor() {
    minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    echo "${minor:-0}"
}

install_go() {
    [ "$(id -u)" -eq 0 ] || go_fail "Go is missing: install it, or run this as root"
    command -v apt-get >/dev/null || go_fail "Go is missing, and this is no Debian: install Go $1 or newer"
    DEBIAN_FRONTEND=noninteractive apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends ca-certificates golang-go
}

# Go before 1.21 cannot change its own version: this fetches the toolchain as the module it is, and puts it on PATH.
use_toolchain_module() {
    case $(uname -m) in
        x86_64) architecture=amd64 ;;
        aarch64) architecture=arm64 ;;
        *) go_fail "no Go toolchain for $(uname -m): install Go $1 or newer" ;;
    esac
    toolchain=golang.org/toolchain@v0.0.1-go$1.linux-$architecture
    goroot=$(cd / && GOFLAGS=-modcacherw go mod download -json "$toolchain" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
    [ -n "$goroot" ] || go_fail "the Go toolchain $toolchain cannot be downloaded"
    # Modules carry no file modes.
    chmod -R u+w "$goroot"
    chmod +x "$goroot"/bin/* "$goroot"/pkg/tool/*/*
    PATH=$goroot/bin:$PATH
    export GOROOT="$goroot"
}

ensure_go() {
    # What the user's settings say about modules and platforms is about the user's own programs.
    unset GOFLAGS GOOS GOARCH GOBIN
    export GOWORK=off CGO_ENABLED=0
    command -v go >/dev/null || install_go "$1"
    if [ "$(go_minor)" -ge 21 ]; then
        # Takes the toolchain that go.mod names where this one is older.
        export GOTOOLCHAIN=auto
    else
        use_toolchain_module "$1"
    fi
}

install_programs() {
    folder=$1 go_version=$2
    shift 2
    mkdir -p "$(dirname "$folder")"
    logged ensure_go "$go_version"
    new=$(mktemp -d "$folder.XXXXXX")
    GOBIN=$new logged go install -trimpath -ldflags "-s -w" "$@"
    chmod 755 "$new"
    # Whoever built it first has built it for all.
    mv -T "$new" "$folder" 2>/dev/null || rm -rf "$new"
}
