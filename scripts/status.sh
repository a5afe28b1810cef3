# shellcheck shell=sh
# shellcheck disable=SC2154,SC2016,SC2046 # what lib.sh and scripts/stack set; what is expanded inside a machine; shells are several words
# What a stack's swarm runs. Sourced, with $stack set.

# Prints nodes, services, tasks, the store, routes, certificates and logging, as the stack's managers, proxies, companion and apps tell them.
show_status() {
    manager=$(speaking_manager)
    if [ -z "$manager" ]; then
        fail "no manager speaks for the swarm of stack $stack: 'make preview STACK=$stack' tells which machines are missing, 'make up STACK=$stack' brings them back"
    fi
    $(shell_of "$manager") sh -c '
        echo NODES
        docker node ls --format "table {{.Hostname}}\t{{.Status}}\t{{.Availability}}\t{{.ManagerStatus}}\t{{.EngineVersion}}"
        printf "\nSERVICES\n"
        docker service ls --format "table {{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.Image}}"
        printf "\nTASKS\n"
        services=$(docker service ls --quiet)
        [ -z "$services" ] || docker service ps --filter desired-state=running \
            --format "table {{.Name}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}\t{{.Error}}" $services' </dev/null
    printf '\nSTORE\n'
    store_answer
    echo
    {
        task_answers proxy status
        task_answers letsencrypt-companion companion
        if $(shell_of "$manager") docker service inspect log-keeper </dev/null >/dev/null 2>&1; then log_answers; fi
    } >"$scratch/answers"
    typescript status <"$scratch/answers"
}

# What the store's keeper says, which runs on one of the managers.
store_answer() {
    for machine in $(manager_containers); do
        task=$(timeout 10 $(shell_of "$machine") timeout 8 docker container ls --quiet --filter label=com.docker.swarm.service.name=mongo-keeper --filter status=running </dev/null 2>/dev/null) || continue
        [ -n "$task" ] || continue
        if timeout 10 $(shell_of "$machine") timeout 8 docker exec "$task" node dist/status.js --text </dev/null 2>/dev/null; then return; fi
    done
    echo 'its keeper does not answer'
}

# What each task of service $1 on the managers says of its status, a line of JSON each with that under the name $2, read by status.ts.
task_answers() {
    manager_containers | while read -r machine; do
        task=$(timeout 10 $(shell_of "$machine") timeout 8 docker container ls --quiet --filter label=com.docker.swarm.service.name="$1" --filter status=running </dev/null 2>/dev/null) || continue
        [ -n "$task" ] || continue
        answer=$(timeout 10 $(shell_of "$machine") timeout 8 docker exec "$task" node dist/ask.js status </dev/null 2>/dev/null) || answer=null
        printf '{"manager":"%s","%s":%s}\n' "${machine#"swarm-$stack-"}" "$2" "$answer"
    done
}

# What the log's keeper says, and each task of an app that sends log lines, a line of JSON each, read by status.ts.
log_answers() {
    kept=
    for machine in $(all_machines); do
        answers=$(timeout 20 $(shell_of "$machine") timeout 18 sh -c "$ask_logs" </dev/null 2>/dev/null) || continue
        case $answers in *'"logKeeper"'*) kept=yes ;; esac
        [ -z "$answers" ] || echo "$answers"
    done
    [ -n "$kept" ] || echo '{"logKeeper":null}'
}

# Run in a machine.
ask_logs='
    for id in $(docker container ls --quiet --filter status=running --filter network=log_net); do
        variables=$(docker container inspect --format "{{range .Config.Env}}{{println .}}{{end}}" "$id")
        service=$(docker container inspect --format "{{index .Config.Labels \"com.docker.swarm.service.name\"}}" "$id")
        if [ "$service" = log-keeper ]; then
            said=$(docker exec "$id" node dist/healthcheck.js) && echo "{\"logKeeper\":$said}"
        elif echo "$variables" | grep -q ^LOGSTASH_HOST= && echo "$variables" | grep -q ^SERVICE_PATH=; then
            # Not by Node: a second one would be too much for the memory of a container that is made for one.
            ready=$(docker exec "$id" bash -c "exec 3<>/dev/tcp/127.0.0.1/\$PORT && printf \"GET \$SERVICE_PATH/health/ready HTTP/1.0\r\n\r\n\" >&3 && cat <&3" | tail -n 1)
            task=$(echo "$variables" | sed -n "s/^TASK_NAME=//p")
            case $ready in "{"*) ;; *) ready=null ;; esac
            echo "{\"task\":\"$task\",\"ready\":$ready}"
        fi
    done
    true'
