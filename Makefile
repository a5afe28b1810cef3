# The commands of the project; `make help` lists them. STACK=name chooses the stack.
STACK ?= dev

.DEFAULT_GOAL := help
.PHONY: help up outputs status preview drift refresh down list ephemeral reap drain activate rotate-ca recover backup restore test test-ssh test-upstream unit lint bench clean-cache

help: ## this list
	@awk -F ': .*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## make the stack, or change it to what the program says; ends with its outputs
	@scripts/stack up $(STACK)

outputs: ## the stack's outputs, as JSON
	@scripts/stack outputs $(STACK)

status: ## nodes, services, tasks, store, routes, certificates and logging of the stack
	@scripts/stack status $(STACK)

preview: ## what `make up` would change, in words; as Markdown as well: make preview [FILE=artefacts/preview.md]
	@scripts/stack preview $(STACK) "$(FILE)"

drift: ## what was changed by hand, or is gone; fails where there is any: make drift [FILE=artefacts/drift.md]
	@scripts/stack drift $(STACK) "$(FILE)"

refresh: ## take over into the state what changed outside of Pulumi
	@scripts/stack refresh $(STACK)

down: ## destroy the stack
	@scripts/stack down $(STACK)

list: ## the stacks on this computer: machines, memory, age, when they go
	@scripts/list

ephemeral: ## a stack that goes again: make ephemeral NAME=pr-123 [TTL=2h] [RUN='npm test'] [SETTINGS=file]
	@scripts/ephemeral "$(NAME)"

reap: ## destroy ephemeral stacks whose time is over or whose run was killed
	@scripts/ephemeral --reap

drain: ## empty a machine without a failed request: make drain MACHINE=worker-1
	@scripts/stack drain $(STACK) $(MACHINE)

activate: ## give a drained machine tasks again: make activate MACHINE=worker-1
	@scripts/stack activate $(STACK) $(MACHINE)

rotate-ca: ## make the authorities of engines and swarm anew, with all their certificates
	@scripts/stack rotate-ca $(STACK)

recover: ## where too few managers are left for a quorum, make one the only one: make recover CONFIRM=manager-1
	@scripts/stack recover $(STACK) "$(CONFIRM)"

backup: ## an archive of the store's databases: make backup [FILE=…]
	@scripts/stack backup $(STACK) "$(FILE)"

restore: ## bring the store's databases back to what an archive holds: make restore FILE=…
	@scripts/stack restore $(STACK) "$(FILE)"

test: ## every check there is: lint, unit, plugin conformance, end to end, faults under load
	@scripts/dependencies
	@scripts/test.sh

test-ssh: ## a stack on seven containers that are plain ssh servers; each installs Docker, so it is not among `make test`
	@scripts/dependencies
	@scripts/pulumi version >/dev/null
	@npx jest --config test/ssh/jest.config.js

test-upstream: ## what needs genuine images: a replica set of three, logging, where Docker Hub answers
	@scripts/dependencies
	@scripts/test-upstream.sh

unit: ## the unit tests alone
	@scripts/dependencies
	@npx jest

lint: ## types, ESLint, Prettier, shellcheck, actionlint
	@scripts/dependencies
	@npm run --silent lint
	@scripts/shellcheck.sh
	@scripts/actionlint.sh

bench: ## measure, and print a table
	@scripts/dependencies
	@bench/run

clean-cache: ## remove what was built and downloaded, stand-in images and the Hub mirror included
	@scripts/clean-cache
