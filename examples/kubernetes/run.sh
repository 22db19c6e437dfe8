#!/bin/sh
# Runs the two Jobs, one after the other.
#
#   examples/kubernetes/run.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)

# ended waits until a Job is complete or has failed, and prints which.
ended() {
  until kubectl get job "$1" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}' | grep -Eo 'Complete|Failed'; do
    sleep 5
  done
}

kubectl apply -f "$here/share.yaml"
ended tracekit-share # whether all shares are there is judged by the reduction

kubectl apply -f "$here/reduce.yaml"
state=$(ended tracekit-reduce)
kubectl logs job/tracekit-reduce
[ "$state" = Complete ]
