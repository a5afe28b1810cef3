#!/bin/sh
# Packages start no services in a container.
exit 101
