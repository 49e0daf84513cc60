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
READ_BY=nats-users.sh
# shellcheck source=../rotation/restart.sh
. "${SCRIPTS:-${0%/*}}/restart.sh"
# shellcheck source=../rotation/overlap.sh
. "${SCRIPTS:-${0%/*}}/overlap.sh"

if [ "$ACTIVE" = a ]; then other=b; else other=a; fi
kube GET "$state_path"
was_active=$(line active)
record=$(line former)
served=$(grep '"users.conf":' "$answer" || true)
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
users="$(user "$ACTIVE"), $(user "$other")"
if [ -n "$record" ] && ended; then
  users=$(user "$ACTIVE")
  say "workloads-$other has ended"
elif [ -n "$record" ]; then
  say "workloads-$other ends at $(moment "$ends")"
fi
serve() { kube PATCH "$state_path" "{\"data\":{\"active\":\"$ACTIVE\",\"former\":\"$record\",\"users.conf\":\"users: [$users]\\n\"}}"; }

# A user that comes back has its former password on servers that have not restarted yet. One that goes waits for no server.
comes_back=
for one in workloads-a workloads-b; do
  case $served in
    *"$one"*) ;;
    *) case $users in *"$one"*) comes_back=yes ;; esac ;;
  esac
done
if [ -n "$comes_back" ]; then
  restart "$@"
  serve
else
  serve
  restart "$@"
fi
