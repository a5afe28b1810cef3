# shellcheck shell=sh
# What the scripts of this folder share. Sourced.
#
# One folder per image:
#   image   the image's official name, the folder it is based on, and what it is, as `image=`, `base=`, `description=`;
#           with `optional=yes` it is made only when it is asked for
#   build   makes it: build TAG LABEL…, run in that folder; an image without one is made from its Dockerfile

# What goes into images must not depend on the user's umask, nor on that of the clone.
umask 022

unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT

say() { echo "==> $*" >&2; }
fail() {
    echo "error: $*" >&2
    exit 1
}

# Installs Debian packages.
apt_install() {
    [ "$(id -u)" -eq 0 ] || fail "$* is missing: install it, or run this as root"
    DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >&2
}

# Builds the folder given first under the tag given second, with the labels that follow. The classic builder: no client
# lacks it, while BuildKit needs buildx in newer ones.
build_from_dockerfile() (
    context=$1
    tag=$2
    shift 2
    for label; do
        shift
        set -- "$@" --label "$label"
    done
    DOCKER_BUILDKIT=0 docker build --quiet --force-rm --tag "$tag" "$@" "$context" >/dev/null
)
