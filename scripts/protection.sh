# shellcheck shell=sh
# shellcheck disable=SC2154 # what lib.sh and scripts/stack set
# What the config key `protect` keeps from being deleted. Sourced, with $stack set.

# How to go on with a stack that is protected.
unprotect() { echo "'scripts/pulumi config set protect false --stack $stack', then 'make up STACK=$stack' with the program as it was, and then this again"; }

# Whether the state $1, if there is one, has something that may not be deleted.
is_protected() { [ -s "$1" ] && [ -n "$(typescript state protected <"$1")" ]; }

# Fails, before anything is deleted, where the state $1 has something that may not be.
refuse_protected() {
    names=$(typescript state protected <"$1")
    if [ -z "$names" ]; then return; fi
    if has_hosts; then kind=hosts; else kind=volumes; fi
    fail "stack $stack is protected, and so are $(echo "$names" | grep -c .) $kind ($(listed "$names")). To destroy it with all data: $(unprotect)"
}

# Why an update of the state $1 may have failed that Pulumi says something protected is in the way of.
explain_protection() {
    if is_protected "$1"; then say "Where the error says that a resource is protected: its data would be lost. If it may be: $(unprotect)"; fi
}
