#!/bin/sh
# Answers a request (CGI of BusyBox' httpd) with what the loop wrote last. If that is older than MAX_SILENCE seconds (60), the loop is
# stuck, and the health of the system is unknown. `live.cgi` says whether it is.
# In: PAGE, STATE, and what render.awk is told.
set -eu

case $REQUEST_METHOD in
GET | HEAD) ;;
*)
  printf 'Status: 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Type: text/plain\r\n\r\nonly GET and HEAD\n'
  exit
  ;;
esac

age() {
  echo $(($(date +%s) - $(stat -c %Y "$STATE/$1" 2>/dev/null || echo 0)))
}

case $SCRIPT_NAME in
*.json) format=json ;;
*live.cgi)
  # Longer than the silence after which answers are refused: a restart is the last resort.
  if [ "$(age html)" -gt $((2 * ${MAX_SILENCE:-60})) ]; then printf 'Status: 503 Service Unavailable\r\n'; fi
  printf 'Content-Type: text/plain\r\n\r\nlast turn %s s ago\n' "$(age html)"
  exit
  ;;
*) format=html ;;
esac

if [ "$(age $format)" -gt "${MAX_SILENCE:-60}" ]; then
  FORMAT=$format REASON="This page has stopped asking Prometheus" \
    awk -f "$PAGE/render.awk" phase=answers /dev/null phase=page "$PAGE/page.html"
else
  cat "$STATE/$format"
fi
