#!/bin/sh
# Plans an environment into a directory: <environment>.md, and its exit code in <environment>.status.
# Changes (2), and stacks that wait for others that are not deployed (3), don't fail the job.
set -u
environment=$1 directory=$2
shift 2
mkdir -p "$directory"
npm run plan -- "$environment" --markdown "$directory/$environment.md" -- -detailed-exitcode -no-color "$@"
status=$?
echo "$status" >"$directory/$environment.status"
case $status in
  0 | 2 | 3) exit 0 ;;
  *) exit "$status" ;;
esac
