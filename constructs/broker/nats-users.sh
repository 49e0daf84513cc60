#!/bin/sh
# Keeps the users of NATS: restarts the servers when a password in the secret has changed, and ends the former user after the
# overlap; with the argument `revoke` at once. The servers read their users from the ConfigMap without a restart, and close the
# sessions of one that is no longer there.
#   ACTIVE   the user that workloads sign in as: a or b
#   OVERLAP  seconds for which the former user stays good
# and what restart.sh reads. STATE has the file users.conf, and keeps who was active and when the former user ends.
set -eu

: "${ACTIVE:?}" "${OVERLAP:?}"
[ "${1-}" != revoke ] || OVERLAP=0
# Servers that are not restarted yet know the former password of a user that comes back: so they restart first.
# shellcheck source=../rotation/restart.sh
. "${SCRIPTS:-${0%/*}}/restart.sh"
# shellcheck source=../rotation/overlap.sh
. "${SCRIPTS:-${0%/*}}/overlap.sh"

if [ "$ACTIVE" = a ]; then other=b; else other=a; fi
kube GET "$state_path"
was_active=$(line active)
record=$(line former)
password=$(digest "$SET $(cat "$PASSWORDS/$other")")

if [ -n "$was_active" ] && [ "$was_active" != "$ACTIVE" ]; then
  overlap "$password"
else
  case $record in
    # It was active before, and has still the same password.
    "$password"-*) overlap "$password" "$record" ;;
    *) record='' ;;
  esac
fi
user() { printf '{user: workloads-%s, password: %s}' "$1" "\$WORD_$(printf '%s' "$1" | tr ab AB)"; }
users=$(user "$ACTIVE")
if [ -z "$record" ]; then
  users="$users, $(user "$other")"
elif ended; then
  say "workloads-$other has ended"
else
  users="$users, $(user "$other")"
  say "workloads-$other ends at $(moment "$ends")"
fi
kube PATCH "$state_path" "{\"data\":{\"active\":\"$ACTIVE\",\"former\":\"$record\",\"users.conf\":\"users: [$users]\\n\"}}"
