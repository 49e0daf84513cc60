#!/bin/sh
# Succeeds if a node has a role in its cluster: a leader, or a replica that follows one. /health/live says that a node was
# ready once, and never takes it back; /info says what it is now, and takes no authentication.
#   $1  the node: https://localhost:2113
#   $2  certificates by which it is known; none where it speaks in clear
set -eu

state=$(curl --silent --show-error --max-time 4 ${2:+--cacert "$2"} --header 'Accept: application/json' "$1/info" |
  sed -n 's/.*"state" *: *"\([a-z]*\)".*/\1/p')
case $state in
leader | follower | readonlyreplica) ;;
*)
  echo "its state is ${state:-not known}"
  exit 1
  ;;
esac
