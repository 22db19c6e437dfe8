#!/bin/sh
# Which kernels take long, and who has launched them? A trace of those kernels
# alone, with the slices around their launches.
#
#   examples/longest-kernels.sh TRACE OUTPUT [LEAST]
set -eu
trace=${1:?TRACE is missing}
output=${2:?OUTPUT is missing}
least=${3:-100us}

tracekit filter "hardware && dur >= $least" --with-flows --with-parents -o "$output" "$trace"
tracekit info "$output"
