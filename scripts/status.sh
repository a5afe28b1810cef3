# shellcheck shell=sh
# shellcheck disable=SC2154,SC2016 # what lib.sh and scripts/stack set; what is expanded inside a machine
# What a stack's swarm runs. Sourced, with $stack set.

# Prints nodes, services, tasks, the store, routes and certificates, as the stack's managers, proxies and companion tell them.
show_status() {
    manager=$(speaking_manager)
    if [ -z "$manager" ]; then
        fail "no manager speaks for the swarm of stack $stack: 'make preview STACK=$stack' tells which machines are missing, 'make up STACK=$stack' brings them back"
    fi
    docker exec "$manager" sh -c '
        echo NODES
        docker node ls --format "table {{.Hostname}}\t{{.Status}}\t{{.Availability}}\t{{.ManagerStatus}}\t{{.EngineVersion}}"
        printf "\nSERVICES\n"
        docker service ls --format "table {{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.Image}}"
        printf "\nTASKS\n"
        services=$(docker service ls --quiet)
        [ -z "$services" ] || docker service ps --filter desired-state=running \
            --format "table {{.Name}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}\t{{.Error}}" $services'
    printf '\nSTORE\n'
    store_answer
    echo
    {
        task_answers proxy status
        task_answers letsencrypt-companion companion
    } >"$scratch/answers"
    typescript status <"$scratch/answers"
}

# What the store's keeper says, which runs on one of the managers.
store_answer() {
    for machine in $(manager_containers); do
        task=$(timeout 10 docker exec "$machine" timeout 8 docker container ls --quiet --filter label=com.docker.swarm.service.name=mongo-keeper --filter status=running </dev/null 2>/dev/null) || continue
        [ -n "$task" ] || continue
        if timeout 10 docker exec "$machine" timeout 8 docker exec "$task" node dist/status.js --text </dev/null 2>/dev/null; then return; fi
    done
    echo 'its keeper does not answer'
}

# What each task of service $1 on the managers says of its status, a line of JSON each with that under the name $2, read by status.ts.
task_answers() {
    manager_containers | while read -r machine; do
        task=$(timeout 10 docker exec "$machine" timeout 8 docker container ls --quiet --filter label=com.docker.swarm.service.name="$1" --filter status=running </dev/null 2>/dev/null) || continue
        [ -n "$task" ] || continue
        answer=$(timeout 10 docker exec "$machine" timeout 8 docker exec "$task" node dist/ask.js status </dev/null 2>/dev/null) || answer=null
        printf '{"manager":"%s","%s":%s}\n' "${machine#"swarm-$stack-"}" "$2" "$answer"
    done
}
