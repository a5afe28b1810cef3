# shellcheck shell=sh
# shellcheck disable=SC2154 # what lib.sh and scripts/stack set
# What the engines of a stack's machines say of its swarm. Sourced, with $stack and $command set.

quorum_within_s=30

# The names of the stack's managers' containers: those that run, or with --all those that are stopped as well.
manager_containers() {
    docker container ls --format '{{.Names}}' --filter "label=swarm.stack=$stack" --filter label=swarm.role=manager "$@" | sort
}

# A manager of the stack on this machine that speaks for the cluster: it has a leader, and a majority that is reached. For some
# seconds after a majority is gone, its leader still answers.
speaking_manager() {
    manager_containers | while read -r machine; do
        # Without a leader, it may wait for one for ever: inside as well, as what `docker exec` runs outlives it.
        statuses=$(timeout 10 docker exec "$machine" timeout 8 docker node ls --filter role=manager --format '{{.ManagerStatus}}' 2>/dev/null) || continue
        # An entry that has none is no member of the quorum: what is left of a manager that was given up.
        members=$(echo "$statuses" | grep -c .) || true
        reached=$(echo "$statuses" | grep -Ec '^(Leader|Reachable)$') || true
        if [ $((reached * 2)) -gt "$members" ]; then
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
        if [ -n "$running" ]; then
            say "Waiting for a manager that speaks for the swarm"
            until=$(($(date +%s) + quorum_within_s))
            while [ "$(date +%s)" -lt "$until" ]; do
                if [ -n "$(speaking_manager)" ]; then return; fi
                sleep 0.5
            done
        fi
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
