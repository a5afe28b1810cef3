# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used by those who source this
# What the scripts of this folder share. Sourced, with $here set to this folder.

config=/etc/docker/daemon.json
log=/var/log/swarm-system-dockerd.log
pid_file=/var/run/docker.pid
# Outside of the clone: the engine outlives it.
shim=/usr/local/libexec/swarm-system/runc-without-sys-resource
# There where the engine was installed by these scripts, so that they may configure it.
installed_marker=$(dirname "$shim")/engine-installed
shim_name=runc-without-sys-resource
engine_start_timeout_s=60

unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT

say() { echo "==> $*" >&2; }
fail() {
    echo "error: $*" >&2
    exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

has_systemd() { [ -d /run/systemd/system ]; }

# Whether this machine can give a container every capability: CAP_SYS_RESOURCE is bit 24 of the bounding set.
has_sys_resource() {
    bounding=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)
    [ $((0x$bounding >> 24 & 1)) -eq 1 ]
}

needs_shim() { is_root && ! has_sys_resource; }

# Prints "ID DEFAULT-RUNTIME LIVE-RESTORE"; fails, with the client's message on stderr, when no engine answers.
engine_info() { docker info --format '{{.ID}} {{.DefaultRuntime}} {{.LiveRestoreEnabled}}'; }

engine_answers() { command -v docker >/dev/null && docker version >/dev/null 2>&1; }

engine_pid() {
    pid=$(cat "$pid_file" 2>/dev/null) || return 1
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 1
    echo "$pid"
}

last_error_of_engine() {
    grep -E 'level=(error|fatal)|^failed|unable to configure' "$log" 2>/dev/null | tail -n 1
}

await_engine() {
    waited=0
    until engine_answers; do
        if [ "$waited" -ge $((engine_start_timeout_s * 5)) ]; then
            fail "the Docker engine does not answer after $engine_start_timeout_s s: see $log"
        fi
        if ! has_systemd && [ "$waited" -gt 5 ] && ! engine_pid >/dev/null; then
            fail "the Docker engine did not start: $(last_error_of_engine) (log: $log)"
        fi
        waited=$((waited + 1))
        sleep 0.2
    done
}

start_engine() {
    if has_systemd; then
        systemctl enable --now docker >&2 || fail "docker.service does not start: journalctl -u docker"
    else
        # A pid file whose process is gone, or is another one by now, keeps dockerd from starting.
        engine_pid >/dev/null || rm -f "$pid_file"
        : >"$log"
        # A session of its own: it outlives the shell, and its Ctrl-C. It must not hold the caller's lock (see scripts/).
        setsid dockerd </dev/null >>"$log" 2>&1 9>&- &
    fi
    await_engine
}

stop_engine() {
    if has_systemd; then
        systemctl stop docker.service docker.socket >&2
        return
    fi
    pid=$(engine_pid) || return 0
    kill -TERM "$pid"
    while [ -d "/proc/$pid" ]; do sleep 0.1; done
}

# Has the running engine read daemon.json again: runtimes, default-runtime, registry-mirrors and live-restore
# are among what it takes over without a restart.
reload_engine() {
    if has_systemd; then
        systemctl reload docker >&2
    else
        pid=$(engine_pid) || fail "cannot tell the Docker engine to reload $config: $pid_file is not its pid. Restart it."
        kill -HUP "$pid"
    fi
}
