#!/bin/sh
# Reports on the traces of all ranks, measured on many nodes.
#
#   examples/slurm/submit.sh TRACES TASKS REPORT [SBATCH-FLAGS]
#
# TRACES is a folder that all nodes see, and REPORT the JSON. What tasks measure lies in
# REPORT.parts, and what they say in REPORT.log.
set -eu
traces=${1:?TRACES is missing} tasks=${2:?TASKS is missing} report=${3:?REPORT is missing}
shift 3
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$report.parts"

# TASKS is said once: SLURM_ARRAY_TASK_COUNT is another number when some tasks are run again.
array=$(sbatch --parsable "$@" --array="0-$((tasks - 1))" --requeue --open-mode=append --output="$report.log" \
  "$here/share.sh" "$traces" "$tasks" "$report.parts")

# afterok would wait for good once a task has failed, even if it has been run again since.
reduction=$(sbatch --parsable "$@" --dependency="afterany:$array" --open-mode=append --output="$report.log" \
  "$here/reduce.sh" "$traces" "$report.parts" "$report")

echo "array $array, reduction $reduction: squeue --job $array,$reduction"
