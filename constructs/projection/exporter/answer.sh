#!/bin/sh
# Answers a scrape with the file METRICS (CGI of BusyBox' httpd). A file older than MAX_AGE seconds (60) is refused: whoever
# should write it is stuck, and its values would pass for current ones.
set -eu

age=$(($(date +%s) - $(stat -c %Y "$METRICS" 2>/dev/null || echo 0)))
if [ "$age" -gt "${MAX_AGE:-60}" ]; then
  printf 'Status: 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nno measurement within the last %s s\n' "${MAX_AGE:-60}"
  exit
fi
printf 'Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n\r\n'
cat "$METRICS"
