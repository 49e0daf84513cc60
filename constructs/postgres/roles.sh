#!/bin/sh
# Makes a database, its roles and users, gives users the passwords that their secrets name, and ends those of the others:
# after a while, or with the argument `revoke` at once, and their sessions too.
# In: SCRIPTS (a directory with roles.sql, former.sql and sessions.sql), OVERLAP (how long a password is good after its rotation), CREDENTIALS (a directory of administrator, migrator, writer and reader, each
# with user and password), DATABASE, MIGRATOR, WRITER, READER (roles), MAINTENANCE_DATABASE (one that is there), PGHOST,
# PGPORT, PGSSLMODE, PGSSLROOTCERT, TMPDIR.
# No terminal: psql would ask there for the passwords that it is given.
set -eu

fail() {
  echo "roles: $*" >&2
  exit 1
}

umask 077
passfile=$TMPDIR/passfile
trap 'rm -f "$passfile"' EXIT

# Further commands sign in as one of those who have credentials. The password goes through a file: not through the
# environment or arguments, which others on the node may see.
sign_in_as() {
  PGUSER=$(cat "$CREDENTIALS/$1/user")
  PGPASSFILE=$passfile
  export PGUSER PGPASSFILE
  printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$CREDENTIALS/$1/password")" >"$passfile"
}

run() {
  psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 "$@"
}

# A secret says who of the two signs in; it can't make anybody else's password known to itself.
user_of() {
  user=$(cat "$CREDENTIALS/$1/user")
  case $user in
  "$2_a" | "$2_b") echo "$user" ;;
  *) fail "the secret of $1 names the user $user; name $2_a or $2_b" ;;
  esac
}

migrator_user=$(user_of migrator "$MIGRATOR")
writer_user=$(user_of writer "$WRITER")
reader_user=$(user_of reader "$READER")

sign_in_as administrator
run --dbname "$MAINTENANCE_DATABASE" --set database="$DATABASE" --set migrator="$MIGRATOR" --set writer="$WRITER" \
  --set reader="$READER" --set migrator_user="$migrator_user" --set writer_user="$writer_user" \
  --set reader_user="$reader_user" --file "$SCRIPTS/roles.sql"

signs_in() {
  sign_in_as "$1"
  run --dbname "$DATABASE" --command 'select' >/dev/null 2>"$TMPDIR/refusal"
}

# Psql hashes it here: statements, and so passwords in them, are logged at the server. It asks twice.
set_password() {
  sign_in_as administrator
  for _ in first again; do
    cat "$CREDENTIALS/$1/password"
    echo
  done | run --dbname "$MAINTENANCE_DATABASE" --command "set password_encryption = 'scram-sha-256'" \
    --command "\\password \"$2\"" >/dev/null 2>"$TMPDIR/refusal" || fail "no password for $2: $(cat "$TMPDIR/refusal")"
}

give() {
  if signs_in "$1"; then return; fi
  set_password "$1" "$2"
  signs_in "$1" || fail "$2 can't sign in to $DATABASE: $(cat "$TMPDIR/refusal")"
  echo "$2 has a new password"
}

give migrator "$migrator_user"
give writer "$writer_user"
give reader "$reader_user"

sign_in_as administrator
end_former() {
  run --tuples-only --no-align --dbname "$MAINTENANCE_DATABASE" --set roles="$MIGRATOR $WRITER $READER" \
    --set users="$migrator_user $writer_user $reader_user" --set overlap="$1" --file "$SCRIPTS/$2.sql"
}
if [ "${1-}" = revoke ]; then
  # What ends now has ended a moment later.
  end_former '0 seconds' former
  end_former '0 seconds' former
  end_former '0 seconds' sessions
else
  end_former "$OVERLAP" former
fi
echo "$DATABASE is set up"
