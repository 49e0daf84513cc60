#!/bin/sh
# Has each node read its certificate again, which cert-manager renews long before it ends.
#   OPS_PASSWORD   of the user ops
set -eu
# shellcheck source=nodes.sh
. "${0%/*}/nodes.sh"

: "${OPS_PASSWORD:?}"

failed=
for node in $NODES; do
  status=$(as ops "$OPS_PASSWORD" POST "$node/admin/reloadconfig")
  [ "$status" = 200 ] || failed="$failed $node ($status)"
done
[ -z "$failed" ] || die "not reloaded:$failed"
say "all nodes have read their certificates"
