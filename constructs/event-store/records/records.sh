#!/bin/sh
# Records the events of a store in PostgreSQL, or compares those of a restored one with a record.
# In: an action (record, verify), SCRIPTS (the directory of this file), CREDENTIALS (a directory with user and password of the migrator),
# RECORD (what `record` printed; empty: none), PGHOST, PGPORT, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, TMPDIR.
set -eu

fail() {
  echo "records: $*" >&2
  exit 1
}

PGUSER=$(cat "$CREDENTIALS/user")
PGPASSFILE=$TMPDIR/passfile
export PGUSER PGPASSFILE
umask 077
# In a file, not in the environment or an argument; \ and : have a meaning there.
printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$CREDENTIALS/password")" >"$PGPASSFILE"
trap 'rm -f "$PGPASSFILE"' EXIT

run() {
  psql --no-psqlrc --quiet --no-password --tuples-only --no-align "$@"
}

# A server accepts connections while it still replays the log.
recovered() {
  attempt=1
  while [ "$(run --command 'select pg_is_in_recovery()')" != f ]; do
    [ "$attempt" -lt "${ATTEMPTS:-60}" ] || fail "the server is still in recovery"
    attempt=$((attempt + 1))
    sleep "${PAUSE:-5}"
  done
}

case ${1:-} in
  record) run --file "$SCRIPTS/record.sql" ;;
  verify)
    recovered
    run --set record="${RECORD:-}" --file "$SCRIPTS/verify.sql"
    ;;
  *) fail "what to do is record or verify" ;;
esac
