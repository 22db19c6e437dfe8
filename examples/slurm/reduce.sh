#!/bin/sh
#SBATCH --job-name=tracekit-reduce
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
# What all tasks have written becomes one. --strict makes a failure of what is missing, and
# writes nothing then.
#
#   sbatch --dependency=afterany:ARRAY reduce.sh VERB --strict --expect TRACES [FLAGS] PARTS
exec tracekit "$@"
