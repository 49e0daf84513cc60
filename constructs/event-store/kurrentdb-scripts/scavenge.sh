#!/bin/sh
# Removes what streams no longer need from the disk of each node: followers first, one after the other; then the leader
# resigns and is scavenged as a follower, so that nobody waits for a node that reads its whole disk.
#   OPS_PASSWORD   of the user ops
#   THROTTLE       per cent of the time that it works (100)
#   LONGEST        seconds that one node may take (86400)
set -eu
# shellcheck source=nodes.sh
. "${0%/*}/nodes.sh"

: "${OPS_PASSWORD:?}"

running() {
  [ "$(as ops "$OPS_PASSWORD" GET "$1/admin/scavenge/current")" = 200 ] || die "$1 does not say whether it scavenges"
  id=$(field scavengeId <"$answer")
  [ "$(field scavengeLink <"$answer")" != "" ] || id=
}

begin() {
  status=$(as ops "$OPS_PASSWORD" POST "$1/admin/scavenge?threads=1&throttlePercent=${THROTTLE:-100}")
  if [ "$status" != 200 ]; then return 1; fi
  id=$(field scavengeId <"$answer")
  say "$1 scavenges: $id"
}

# A node that was restarted knows nothing of its scavenge. Told to scavenge it goes on where it was.
ended() {
  serves "$(state "$1")" || return 1
  [ "$(as ops "$OPS_PASSWORD" GET "$1/admin/scavenge/last")" = 200 ] || return 1
  if [ "$(field scavengeId <"$answer")" != "$id" ]; then
    say "$1 has lost its scavenge by a restart"
    begin "$1" || true
    return 1
  fi
  result=$(field scavengeResult <"$answer")
  [ "$result" != InProgress ]
}

scavenge() {
  running "$1"
  if [ -n "$id" ]; then
    say "$1 scavenges already: $id"
  else
    begin "$1" || die "$1 does not scavenge ($status)"
  fi
  result=
  await "${LONGEST:-86400}" ended "$1" || die "$1 has not ended its scavenge in time"
  [ "$result" = Success ] || die "$1 ended its scavenge: $result"
}

# A cluster that has lost a node has no strength to spare.
in_role() { serves "$(state "$1")"; }
for node in $NODES; do
  await "$PATIENCE" in_role "$node" || die "$node $(says "$node"): nothing is scavenged"
done

leading=$(leader)
for node in $NODES; do
  [ "$node" = "$leading" ] || scavenge "$node"
done
# One that followed may lead by now.
# shellcheck disable=SC2086 # addresses, one a word
if [ "$(count $NODES)" -gt 1 ] && [ "$(state "$leading")" = leader ]; then resign "$leading"; fi
scavenge "$leading"
say "all nodes are scavenged"
