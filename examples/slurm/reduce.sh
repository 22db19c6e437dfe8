#!/bin/sh
#SBATCH --job-name=tracekit-reduce
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
# What all tasks have measured becomes one report. --strict makes a failure of what is missing.
#
#   sbatch --dependency=afterany:ARRAY reduce.sh TRACES PARTS REPORT
set -eu
tracekit report --strict --expect "$1" --json "$2" >"$3.tmp"
mv "$3.tmp" "$3"
