#!/bin/sh
# The fifth tenth of a run, as the host saw it. Verbs read what other verbs write:
# what the first one leaves out costs the second one nothing.
#
#   examples/middle-of-host.sh TRACE OUTPUT
set -eu
trace=${1:?TRACE is missing}
output=${2:?OUTPUT is missing}

tracekit slice --part 5/10 "$trace" | tracekit strip --python --hardware -o "$output"
