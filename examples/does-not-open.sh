#!/bin/sh
# My trace does not open. Either it is damaged, or it is too big.
#
#   examples/does-not-open.sh TRACE DIR
#
# leaves pieces in DIR that open, each up to SIZE of JSON (default: 200MB).
set -eu
trace=${1:?TRACE is missing}
dir=${2:?DIR is missing}

# What would a viewer refuse, drop or show wrongly? Status 1 says that there is
# something; then a trace is made that has all of it and loads.
if ! tracekit check "$trace"; then
  mkdir -p "$dir"
  tracekit repair --rejects "$dir/rejects.json" -o "$dir/repaired.json.gz" "$trace" ||
    [ $? -eq 3 ] # something had to be set aside
  trace=$dir/repaired.json.gz
fi

# Pieces that a browser can hold. manifest.csv beside them lists what is where.
tracekit split --by size --size "${SIZE:-200MB}" -o "$dir/pieces" "$trace"
