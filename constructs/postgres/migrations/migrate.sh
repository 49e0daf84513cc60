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

run() {
  psql --no-psqlrc --quiet --no-password "$@"
}

# A lock that others hold is waited for one second, and again after a pause that is longer, so that those who come meanwhile
# are held up for a part of the time only. SQLSTATE tells it in every language, and is left out of what is said.
apply() {
  attempt=1
  while :; do
    code=0
    run "$@" --file "$MIGRATIONS/apply.sql" 2>"$TMPDIR/refusal" || code=$?
    if [ "$code" = 0 ] || [ "$attempt" = "${ATTEMPTS:-20}" ] || ! grep -q 'ERROR:  55P03:' "$TMPDIR/refusal"; then break; fi
    echo "migrate: $name waits for a lock that others hold" >&2
    attempt=$((attempt + 1))
    sleep "${PAUSE:-5}"
  done
  sed -e 's/\(ERROR:  \)[0-9A-Z]\{5\}: /\1/' -e '/^LOCATION:  /d' "$TMPDIR/refusal" >&2
  if grep -q 'ERROR:  55P03:' "$TMPDIR/refusal"; then
    echo "migrate: $name needs a lock that one of these transactions holds; end it and apply again:" >&2
    run --tuples-only --no-align --field-separator ', ' --command "select 'session ' || pid, usename, state, 'since ' || xact_start
      from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null" >&2
  fi
  return "$code"
}

last=
for file in "$MIGRATIONS"/[0-9]*.sql; do
  [ -e "$file" ] || fail "no migration in $MIGRATIONS"
  name=$(basename "$file" .sql)
  number=${name%%-*}
  [ "$number" != "$last" ] || fail "two migrations have the number $number"
  last=$number
  checksum=$(sha256sum "$file" | cut -d ' ' -f 1)
  apply --set version="$name" --set checksum="$checksum" --set file="$file" --set writer="$WRITER" --set reader="$READER"
done
