#!/bin/sh
# I want step 120, with what it launched on the device.
#
#   examples/one-step.sh TRACE STEP OUTPUT
set -eu
trace=${1:?TRACE is missing}
step=${2:?STEP is missing}
output=${3:?OUTPUT is missing}

# The first cut of a big trace reads all of it; with an index, the next ones don't.
[ -e "$trace.tkx" ] || tracekit index "$trace"

tracekit slice --step "$step" --device launched -o "$output" "$trace"
