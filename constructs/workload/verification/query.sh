#!/bin/sh
# Asks the queries of the verification beside it, over and over until that has ended, and leaves it each answer in a file.
#   CHECKS  a directory: N.sql is the query of check N
#   TMPDIR  where query.N is left, and where the other says that it has ended
#   TIME    seconds that the other has
#   POLL    seconds between two rounds (5)
#   PGHOST… whom to ask, as psql reads it
set -eu

: "${CHECKS:?}" "${TMPDIR:?}" "${TIME:?}"
export PGCONNECT_TIMEOUT=10

# Longer than the other one may go on, should it end without a word.
end=$(($(date +%s) + TIME + 300))
while [ ! -e "$TMPDIR/ended" ] && [ "$(date +%s)" -lt "$end" ]; do
  for file in "$CHECKS"/*.sql; do
    name=query.$(basename "$file" .sql)
    timeout 30 psql --no-psqlrc --quiet --no-password --tuples-only --no-align --set ON_ERROR_STOP=1 --file "$file" \
      >"$TMPDIR/$name.new" 2>&1 || echo "psql ended with $?" >>"$TMPDIR/$name.new"
    mv "$TMPDIR/$name.new" "$TMPDIR/$name"
  done
  sleep "${POLL:-5}"
done
