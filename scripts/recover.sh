# shellcheck shell=sh
# shellcheck disable=SC2154 # what lib.sh and scripts/stack set
# The way back from a quorum that is lost for good. Sourced, with $stack and $machine set.

leader_within_s=60

# Makes the manager that a person names the only one of its swarm, by what it knows: services, secrets and workers stay. What the
# other managers knew goes, so that they join as new ones and never form the old swarm again.
recover() {
    if has_hosts; then fail "the machines of stack $stack are hosts: docs/environments.md, 'Real hosts', says how a quorum that is lost for good comes back there"; fi
    [ -z "$(speaking_manager)" ] || fail "the swarm of stack $stack has a leader and a quorum: there is nothing to recover"
    running=$(manager_containers)
    if [ -z "$running" ]; then
        fail "no manager of stack $stack runs (stopped: $(listed "$(manager_containers --all)")): start one with 'docker start'; where none can be, 'make down STACK=$stack' and 'make up STACK=$stack' begin anew"
    fi
    survivor=swarm-$stack-$machine
    if ! echo "$running" | grep -Fqx "$survivor"; then
        fail "this is for managers that are gone for good: first try 'docker start' and 'make up STACK=$stack'. It makes one manager the only one, by what that one knows; confirm with CONFIRM=… that it is to be one of: $(listed "$running" | sed "s/swarm-$stack-//g")"
    fi
    image=$(docker container inspect --format '{{.Image}}' "$survivor")
    address=$(docker container inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$survivor")
    manager_volumes | grep -Fvx "$survivor" | while read -r other; do forget_swarm "$other" "$image"; done
    say "Making $machine the only manager"
    # Its output has a join token.
    docker exec "$survivor" timeout 120 docker swarm init --force-new-cluster --advertise-addr "$address" --listen-addr "$address" </dev/null >/dev/null ||
        fail "$machine cannot be made the only manager: see 'docker logs $survivor', or choose another"
    until=$(($(date +%s) + leader_within_s))
    until [ -n "$(speaking_manager)" ]; do
        [ "$(date +%s)" -lt "$until" ] || fail "$machine leads no swarm after $leader_within_s s: see 'docker logs $survivor'"
        sleep 0.5
    done
    forget_managers
    say "$machine is the only manager now: 'make up STACK=$stack' brings back the others"
}

# The volumes of the stack's managers, named as their containers. One that was made anew with its container has no label.
manager_volumes() { docker volume ls --quiet | grep -Ex "swarm-$stack-manager-[0-9]+" || true; }

# Has manager $1 know nothing of its swarm, with a container of image $2 where it does not run.
forget_swarm() {
    if manager_containers | grep -Fqx "$1"; then
        timeout 60 docker exec "$1" timeout 50 docker swarm leave --force </dev/null >/dev/null
    else
        docker run --rm --network none --volume "$1:/state" --entrypoint rm "$2" -rf /state/swarm </dev/null
    fi
}

# The entries of managers that are no longer members of the quorum.
forget_managers() {
    docker exec "$survivor" docker node ls --filter role=manager --format '{{.ID}} {{.Self}} {{.Hostname}}' </dev/null |
        while read -r node self name; do
            [ "$self" = false ] || continue
            say "Removing the entry of $name"
            # Not demoted before, which the swarm refuses for what is no member.
            docker exec "$survivor" docker node rm --force "$node" </dev/null >/dev/null
        done
}
