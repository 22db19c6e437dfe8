#!/bin/sh
#SBATCH --job-name=tracekit
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
# A task of an array: does its share, and is put into the queue again if that fails.
#
#   sbatch --array=0-15 --requeue share.sh TASKS VERB [FLAGS] FILE…
set -u
tasks=$1 verb=$2
shift 2
tries=3

# --resume leaves out what an earlier try has written, which is whole.
tracekit "$verb" --shard "$SLURM_ARRAY_TASK_ID/$tasks" --resume "$@"
status=$?

case $status in
0 | 2 | 3 | 4) exit $status ;; # done, or wrong usage, which another try does not change
esac
echo "task $SLURM_ARRAY_TASK_ID: status $status on $(hostname), try $((${SLURM_RESTART_COUNT:-0} + 1)) of $tries" >&2
[ "${SLURM_RESTART_COUNT:-0}" -ge $((tries - 1)) ] || scontrol requeue "$SLURM_JOB_ID"
exit $status
