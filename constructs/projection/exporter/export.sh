#!/bin/sh
# Writes the progress of projections to a file, in Prometheus' text format, every EVERY seconds (15). If the database does not
# answer, the file has no series of projections: old values would pass for current ones.
# In: SQL (metrics.sql), METRICS (the file), CREDENTIALS (a directory with user and password, read each time, as a rotation
# changes them), LIMIT (seconds for one answer, 10), PGHOST, PGPORT, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, TMPDIR.
set -eu
umask 077

PGPASSFILE=$TMPDIR/passfile
PGCONNECT_TIMEOUT=5
PGAPPNAME=projection-exporter
PGCLIENTENCODING=UTF8
export PGUSER PGPASSFILE PGCONNECT_TIMEOUT PGAPPNAME PGCLIENTENCODING
waiting=
end() {
  [ -z "$waiting" ] || kill "$waiting" 2>/dev/null || true
  rm -f "$PGPASSFILE"
  exit 0
}
# The first process of a container ignores a signal that it does not handle.
trap end TERM INT

# The server's own limit ends what is slow; this one ends what does not answer at all.
measure() {
  PGUSER=$(cat "$CREDENTIALS/user") &&
    # In a file, not in the environment or an argument; \ and : have a meaning there.
    printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$CREDENTIALS/password")" >"$PGPASSFILE" &&
    timeout "${LIMIT:-10}" psql --no-psqlrc --quiet --no-password --no-align --tuples-only --set ON_ERROR_STOP=1 --file "$SQL"
}

exporter() {
  cat <<END
# HELP cqrs_projection_exporter_success Whether the read database answered the last question about projections.
# TYPE cqrs_projection_exporter_success gauge
cqrs_projection_exporter_success $1
# HELP cqrs_projection_exporter_last_success_timestamp_seconds When the read database last answered; 0: never.
# TYPE cqrs_projection_exporter_last_success_timestamp_seconds gauge
cqrs_projection_exporter_last_success_timestamp_seconds $last
END
}

# A container that restarts goes on with what it knew.
last=$(sed -n 's/^cqrs_projection_exporter_last_success_timestamp_seconds //p' "$METRICS" 2>/dev/null || true)
last=${last:-0}
said=
while :; do
  if measure >"$METRICS.new" 2>"$TMPDIR/refusal"; then
    [ "$said" = answered ] || echo "projection-exporter: the database answered"
    said=answered
    last=$(date +%s)
    exporter 1 >>"$METRICS.new"
  else
    # A shell says of a command that was ended that it was; that tells nobody why.
    refusal=$(grep -v '^Terminated' "$TMPDIR/refusal" || true)
    refusal=${refusal:-no answer within ${LIMIT:-10} s}
    # Once for each reason, not every time.
    [ "$said" = "$refusal" ] || echo "projection-exporter: the database did not answer: $refusal" >&2
    said=$refusal
    exporter 0 >"$METRICS.new"
  fi
  mv "$METRICS.new" "$METRICS"
  sleep "${EVERY:-15}" &
  waiting=$!
  wait "$waiting"
done
