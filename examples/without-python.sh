#!/bin/sh
# Python stacks make it huge. How much of it are they, and what is it without?
#
#   examples/without-python.sh TRACE OUTPUT
set -eu
trace=${1:?TRACE is missing}
output=${2:?OUTPUT is missing}

tracekit strip --python --stats "$trace"
tracekit strip --python -o "$output" "$trace"
