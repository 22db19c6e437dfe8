#!/bin/sh
#SBATCH --job-name=tracekit
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
# A task of an array: measures its share, and is put into the queue again if that fails.
#
#   sbatch --array=0-15 --requeue share.sh TRACES TASKS PARTS
set -u
traces=$1 tasks=$2 parts=$3
tries=3
part=$parts/$SLURM_ARRAY_TASK_ID.json

# The part appears when it is whole: what is there needs no other try.
[ ! -e "$part" ] || exit 0
tracekit report --shard "$SLURM_ARRAY_TASK_ID/$tasks" --partial "$part" "$traces"
status=$?

case $status in
0 | 2 | 3) exit $status ;; # done, or wrong usage, which another try does not change
esac
echo "task $SLURM_ARRAY_TASK_ID: status $status on $(hostname), try $((${SLURM_RESTART_COUNT:-0} + 1)) of $tries" >&2
[ "${SLURM_RESTART_COUNT:-0}" -ge $((tries - 1)) ] || scontrol requeue "$SLURM_JOB_ID"
exit $status
