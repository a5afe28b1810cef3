# shellcheck shell=sh
# shellcheck disable=SC2154 # what lib.sh and scripts/stack set
# What the engines of a stack's machines say of its swarm. Sourced, with $stack and $command set.

quorum_within_s=30

# Where infra/machines/access.ts puts what is needed to reach hosts. Not there where the machines are containers.
access_folder() { echo "$root/.access/${stack##*/}"; }

# A line for each host: name, role, place in the settings, shell.
hosts_file() { echo "$(access_folder)/machines"; }

has_hosts() { [ -f "$(hosts_file)" ]; }

# Prints the shell of a machine, a prefix that runs a command there.
shell_of() {
    if has_hosts; then
        awk -v name="$1" '$1 == name { $1 = $2 = $3 = ""; sub(/^ */, ""); print }' "$(hosts_file)"
    else
        echo "docker exec $1"
    fi
}

# The names of all machines: of the containers that run, or of the hosts.
all_machines() {
    if has_hosts; then
        cut -d ' ' -f 1 "$(hosts_file)"
    else
        docker container ls --format '{{.Names}}' --filter "label=swarm.stack=$stack" --filter label=swarm.role
    fi | sort
}

# The names of the stack's managers: of the containers that run, or with --all of those that are stopped as well; of the hosts.
manager_containers() {
    if has_hosts; then
        awk '$2 == "manager" { print $1 }' "$(hosts_file)" | sort
        return
    fi
    docker container ls --format '{{.Names}}' --filter "label=swarm.stack=$stack" --filter label=swarm.role=manager "$@" | sort
}

# A manager of the stack on this machine that speaks for the cluster: it has a leader, and a majority that is reached. For some
# seconds after a majority is gone, its leader still answers.
speaking_manager() {
    manager_containers | while read -r machine; do
        # Without a leader, it may wait for one for ever: inside as well, as what `docker exec` runs outlives it.
        # shellcheck disable=SC2046 # the prefix is several words
        statuses=$(timeout 10 $(shell_of "$machine") timeout 8 docker node ls --filter role=manager --format '{{.ManagerStatus}}' </dev/null 2>/dev/null) || continue
        # An entry that has none is no member of the quorum: what is left of a manager that was given up.
        members=$(echo "$statuses" | grep -c .) || true
        reached=$(echo "$statuses" | grep -Ec '^(Leader|Reachable)$') || true
        if [ $((reached * 2)) -gt "$members" ]; then
            echo "$machine"
            return
        fi
    done
}

# Waits for such a manager; fails where there is none in time.
await_speaker() {
    say "Waiting for a manager that speaks for the swarm"
    until=$(($(date +%s) + quorum_within_s))
    while [ "$(date +%s)" -lt "$until" ]; do
        if [ -n "$(speaking_manager)" ]; then return 0; fi
        sleep 0.5
    done
    return 1
}

# A manager of the stack's hosts that answers, whatever its engine says.
reached_manager() {
    manager_containers | while read -r machine; do
        # shellcheck disable=SC2046 # the prefix is several words
        if timeout 20 $(shell_of "$machine") true </dev/null >/dev/null 2>&1; then
            echo "$machine"
            return
        fi
    done
}

# Lines on one line; "none" where there are none.
listed() { if [ -n "$1" ]; then echo "$1" | paste -sd ' '; else echo none; fi; }

# Those of the managers in $1 that run, or whose state, a volume of that name, is there to run again.
recoverable_managers() {
    running=$(manager_containers)
    echo "$1" | while read -r machine; do
        if echo "$running" | grep -Fqx "$machine" || docker volume inspect "$machine" >/dev/null 2>&1; then echo "$machine"; fi
    done
}

# Managers that cannot speak for the cluster have everything on it look gone: Pulumi would forget it. Fails where that is
# so, unless `up` brings back managers that do not run. Which ones there should be is in the state, $1.
require_quorum() {
    if [ -n "$(speaking_manager)" ]; then return; fi
    if has_hosts; then
        require_quorum_of_hosts "$1"
        return
    fi
    present=$(manager_containers --all)
    expected=$(typescript state managers <"$1")
    if [ -z "$present" ] || [ -z "$expected" ]; then return; fi
    running=$(manager_containers)
    missing=$(echo "$expected" | grep -Fvx "${running:-none}" || true)
    recoverable=$(recoverable_managers "$expected")
    if [ $(($(echo "$recoverable" | grep -c .) * 2)) -le "$(echo "$expected" | grep -c .)" ] && [ -n "$running" ]; then
        remedy="too few are left for a quorum, so 'make recover STACK=$stack' has to make one manager the only one"
    else
        if [ "$command" = up ] && [ -n "$missing" ]; then return; fi
        if [ -n "$running" ] && await_speaker; then return; fi
        stopped=$(echo "$present" | grep -Fvx "${running:-none}" || true)
        if [ -n "$stopped" ]; then
            remedy="start the others with 'docker start $(listed "$stopped")'"
        elif [ -n "$missing" ]; then
            remedy="bring back the others with 'make up STACK=$stack'"
        else
            remedy="see why with 'docker logs $(echo "$running" | head -n 1)'"
        fi
    fi
    fail "no manager speaks for the swarm of stack $stack (running: $(listed "$running"); not running: $(listed "$missing")): $remedy, or destroy the stack with 'make down STACK=$stack'"
}

# The same where the machines are hosts. As long as no swarm was made, nobody can speak for it.
require_quorum_of_hosts() {
    [ -n "$(typescript state providers <"$1")" ] || return 0
    # A host that was installed anew joins the others; the first of all makes a swarm.
    if await_speaker; then return; fi
    fail "no manager speaks for the swarm of stack $stack ($(listed "$(manager_containers)")): start those that do not run, or see docs/environments.md, 'Real hosts', for a quorum that is lost for good; or destroy the stack with 'make down STACK=$stack'"
}
