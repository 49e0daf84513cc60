#!/bin/sh
# Starts an empty event store in PostgreSQL for a restore drill. It accepts every client of the loopback interface, and no other.
# In: PGDATA (a directory that it creates), PGPORT, MIGRATIONS (a directory of NNNN-name.sql), TMPDIR.
set -eu

# A container that was restarted begins again: the drill has failed then.
rm -rf "$PGDATA"
initdb --username=postgres --auth=trust --encoding=UTF8 --locale=C >/dev/null

# Without TCP until the tables are there: only then the startup probe succeeds.
pg_ctl --wait --silent --log="$TMPDIR/setup.log" --options="-c listen_addresses= -k $TMPDIR" start || { cat "$TMPDIR/setup.log" >&2; exit 1; }
run() {
  psql --no-psqlrc --quiet --host="$TMPDIR" --username=postgres --dbname=postgres --set=ON_ERROR_STOP=1 "$@"
}
run --command='create role writer' --command='create role reader'
for file in "$MIGRATIONS"/[0-9]*.sql; do
  run --single-transaction --set=writer=writer --set=reader=reader --file="$file"
done
pg_ctl --wait --silent stop

# As a server commits, to its disk: a drill measures how long a restore takes.
exec postgres -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=512MB
