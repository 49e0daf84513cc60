#!/bin/sh
# How long a former credential stays good; read by the scripts that keep the credentials of an engine.
#   OVERLAP  seconds from the first run that finds it former; 0 in a run that revokes it

digest() { printf '%s' "$1" | sha256sum | cut -c 1-64; }

# overlap DIGEST RECORDS: sets ends (seconds since 1970) and record, to be kept where the next run finds it. Of the records
# that earlier runs kept, each DIGEST-SECONDS, only that of the same credential counts.
overlap() {
  now=$(date +%s)
  record=
  for kept in ${2-}; do
    case $kept in "$1"-*) record=$kept ;; esac
  done
  record=${record:-"$1-$((now + OVERLAP))"}
  ends=${record##*-}
  # A shorter overlap holds for those that have begun, and so does a run that revokes.
  if [ "$ends" -gt $((now + OVERLAP)) ]; then ends=$((now + OVERLAP)); fi
  record="$1-$ends"
}

ended() { [ "$ends" -le "$now" ]; }

moment() { date -u -d "@$1" '+%Y-%m-%d %H:%M:%S+00'; }
