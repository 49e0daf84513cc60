#!/bin/sh
# Applies the migrations of a directory in their order, each in a transaction of its own and once.
# In: MIGRATIONS (a directory of NNNN-name.sql and apply.sql), CREDENTIALS (a directory with user and password),
# WRITER and READER (roles that are given rights), PGHOST, PGPORT, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, TMPDIR.
set -eu

fail() {
  echo "migrate: $*" >&2
  exit 1
}

PGUSER=$(cat "$CREDENTIALS/user")
PGPASSFILE=$TMPDIR/passfile
export PGUSER PGPASSFILE
umask 077
# In a file, not in the environment or an argument; \ and : have a meaning there.
printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$CREDENTIALS/password")" >"$PGPASSFILE"
trap 'rm -f "$PGPASSFILE"' EXIT

last=
for file in "$MIGRATIONS"/[0-9]*.sql; do
  [ -e "$file" ] || fail "no migration in $MIGRATIONS"
  name=$(basename "$file" .sql)
  number=${name%%-*}
  [ "$number" != "$last" ] || fail "two migrations have the number $number"
  last=$number
  checksum=$(sha256sum "$file" | cut -d ' ' -f 1)
  psql --no-psqlrc --quiet --no-password --set version="$name" --set checksum="$checksum" --set file="$file" \
    --set writer="$WRITER" --set reader="$READER" --file "$MIGRATIONS/apply.sql"
done
