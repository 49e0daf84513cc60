#!/bin/sh
# Slots of a read model, by its argument: `live` registers them and makes one live, `progress` shows how far they are until
# all have caught up, `drop` deletes those that are not live.
# In: SCRIPTS (a directory with live.sql, progress.sql, drop.sql), PROJECTION, SLOTS ({"a": 50}: partitions by slot), LIVE,
# FORCED, WITHIN, CREDENTIALS (a directory with user and password), PGHOST, PGPORT, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, TMPDIR.
set -eu

PGUSER=$(cat "$CREDENTIALS/user")
PGPASSFILE=$TMPDIR/passfile
export PGUSER PGPASSFILE
umask 077
# In a file, not in the environment or an argument; \ and : have a meaning there.
printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$CREDENTIALS/password")" >"$PGPASSFILE"
trap 'rm -f "$PGPASSFILE"' EXIT

run() {
  psql --no-psqlrc --quiet --no-password --no-align --tuples-only --set ON_ERROR_STOP=1 --set projection="$PROJECTION" \
    --set slots="$SLOTS" --set live="$LIVE" --set forced="$FORCED" --set within="$WITHIN" --file "$SCRIPTS/$1.sql"
}

case ${1-} in
live | drop) run "$1" ;;
progress)
  while :; do
    # A server that is away for a while, as in a failover, is asked again.
    if shown=$(run progress 2>"$TMPDIR/refusal"); then
      printf '%s\n' "$shown" | sed '$d'
      case $shown in
      *done) exit 0 ;;
      *ahead)
        echo "slots: $PROJECTION is ahead of its event store, which was restored; build it in the other slot" >&2
        exit 1
        ;;
      esac
    else
      cat "$TMPDIR/refusal" >&2
    fi
    sleep "${EVERY:-5}"
  done
  ;;
*)
  echo "slots: say live, progress or drop" >&2
  exit 2
  ;;
esac
