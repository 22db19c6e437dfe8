#!/bin/sh
# How long do decodes take? A row for each bucket: how many there were, and their
# durations in nanoseconds.
#
#   examples/decode-times.sh TRACE
set -eu
trace=${1:?TRACE is missing}

tables=$(mktemp -d)
trap 'rm -rf "$tables"' EXIT
tracekit report -q --csv "$tables" "$trace"

# The columns are phase,warmup,bucket,count,total,mean,p50,p90,p99,max.
head -n 1 "$tables/buckets.csv"
grep '^decode,false,' "$tables/buckets.csv"
