#!/bin/sh
# Waits until services answer, one after the other: the name, host and port of each. WAIT bounds each, in seconds.
# Part of a pod's specification, where Kubernetes and Terraform would read a dollar before a parenthesis or a brace.
set -eu
while [ "$#" -ge 3 ]; do
  echo "waiting for $1 at $2:$3"
  # shellcheck disable=SC2016 # $0 and $1 are the inner shell's.
  timeout "$WAIT" sh -c 'until nc -z -w 2 "$0" "$1" 2>/dev/null; do sleep 1; done' "$2" "$3" || {
    echo "$1 has not answered at $2:$3 for $WAIT s" >&2
    exit 1
  }
  shift 3
done
