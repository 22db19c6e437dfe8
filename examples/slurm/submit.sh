#!/bin/sh
# Cuts steps out of the traces of all ranks, on many nodes, and merges what is left.
#
#   examples/slurm/submit.sh TRACES TASKS STEPS OUTPUT [SBATCH-FLAGS]
#
# TRACES is a folder that all nodes see, STEPS is as slice has them (120..128), OUTPUT is the
# merged trace. What is cut lies in OUTPUT.parts, and what tasks say in OUTPUT.log.
set -eu
traces=${1:?TRACES is missing} tasks=${2:?TASKS is missing} steps=${3:?STEPS is missing} output=${4:?OUTPUT is missing}
shift 4
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$output.parts"

# TASKS is said once: SLURM_ARRAY_TASK_COUNT is another number when some tasks are run again.
array=$(sbatch --parsable "$@" --array="0-$((tasks - 1))" --requeue --open-mode=append --output="$output.log" \
  "$here/share.sh" "$tasks" slice --step "$steps" -o "$output.parts/" "$traces")

# afterok would wait for good once a task has failed, even if it has been run again since.
reduction=$(sbatch --parsable "$@" --dependency="afterany:$array" --open-mode=append --output="$output.log" \
  "$here/reduce.sh" merge --strict --expect "$traces" -o "$output" "$output.parts")

echo "array $array, reduction $reduction: squeue --job $array,$reduction"
