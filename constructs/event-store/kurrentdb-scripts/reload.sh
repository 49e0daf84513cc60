#!/bin/sh
# Has each node read its certificate again, which cert-manager renews long before it ends. A node says that it will, and not
# whether it could: it is believed when it shows the certificate of the secret.
#   OPS_PASSWORD   of the user ops
#   CERTIFICATE    the file that the nodes should show
#   ARRIVAL        seconds until a changed secret has reached the nodes' volumes, and was read (300)
set -eu
# shellcheck source=nodes.sh
. "${0%/*}/nodes.sh"

: "${OPS_PASSWORD:?}" "${CERTIFICATE:?}"

# The first certificate of a chain, on one line.
leaf() { awk '/BEGIN CERTIFICATE/ { on = 1; next } /END CERTIFICATE/ { exit } on { printf "%s", $1 }'; }

wanted=$(leaf <"$CERTIFICATE")
[ -n "$wanted" ] || die "$CERTIFICATE holds no certificate"

# %{certs}: the chain that the node shows (curl 7.88).
shows() {
  [ "$(curl --silent --max-time 10 --cacert "$CA" --output /dev/null --write-out '%{certs}' "$1/info" | leaf)" = "$wanted" ]
}

# It is told again: it reads a moment later, and what it has read may be what was there before.
reloaded() {
  status=$(as ops "$OPS_PASSWORD" POST "$1/admin/reloadconfig")
  [ "$status" = 200 ] && shows "$1"
}

failed=
for node in $NODES; do
  if await "${ARRIVAL:-300}" reloaded "$node"; then continue; fi
  if [ "$status" = 200 ]; then failed="$failed $node (shows another certificate)"; else failed="$failed $node ($status)"; fi
done
[ -z "$failed" ] || die "not reloaded:$failed"
say "all nodes show the newest certificate"
