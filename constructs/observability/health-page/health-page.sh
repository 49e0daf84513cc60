#!/bin/sh
# Asks Prometheus every EVERY seconds (15) for the health of the system, and serves the answer: a page at /, JSON at /health.json.
# A request costs as much as a file: only this loop asks.
# In: PAGE (a directory with these files), STATE (a directory that it may write), PORT, PROMETHEUS (http://host:port), QUESTION (a
# query, encoded for a URL), LIMIT (seconds for one answer, 10), and what render.awk is told. ADDRESS: where it listens, if not everywhere.
set -eu

www=$STATE/www
# A container that restarts finds what the one before it made, and can't write over it.
rm -rf "$www"
mkdir -p "$www/cgi-bin"
# httpd runs scripts by their names; index.cgi, which answers /, has to be executable.
for script in cgi-bin/index.cgi health.json live.cgi; do cp "$PAGE/answer.sh" "$www/$script" && chmod 0555 "$www/$script"; done
echo ready >"$www/ready.txt"
printf '*.cgi:/bin/sh\n*.json:/bin/sh\n' >"$STATE/httpd.conf"

httpd -f -p "${ADDRESS:+$ADDRESS:}$PORT" -h "$www" -c "$STATE/httpd.conf" &
server=$!
waiting=
end() {
  [ -z "$waiting" ] || kill "$waiting" 2>/dev/null || true
  kill "$server" 2>/dev/null || true
}
trap end EXIT
# The first process of a container ignores a signal that it does not handle.
trap 'exit 0' TERM INT

fetch() {
  timeout "${LIMIT:-10}" wget -q -O "$STATE/answer" "$PROMETHEUS/api/v1/query?query=$QUESTION" 2>"$STATE/refusal"
}

# One token a line; what is not a token of JSON comes through as well, and is refused.
read_answer() {
  head -c 262144 "$STATE/answer" | grep -oE '"([^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*|true|false|null|[][{},:]|[^][{},:"[:space:]]+|"' |
    awk -f "$PAGE/answer.awk" >"$STATE/answers.new"
}

render() {
  FORMAT=$1 REASON=$reason awk -f "$PAGE/render.awk" phase=answers "$STATE/answers" phase=page "$PAGE/page.html" >"$STATE/$1.new"
  mv "$STATE/$1.new" "$STATE/$1"
}

since=$(date -u '+%Y-%m-%d %H:%M:%S UTC')
said=
while :; do
  kill -0 "$server" 2>/dev/null || { echo "health-page: httpd ended" >&2 && exit 1; }
  reason=
  # The second try is for a Prometheus that restarts or a name that was not found at once.
  if ! fetch && { sleep 1 && ! fetch; }; then
    # A shell says of a command that was ended that it was; that tells nobody why.
    refusal=$(grep -v '^Terminated' "$STATE/refusal" | head -c 300 | tr -d '\n')
    reason="Prometheus has not answered since $since: ${refusal:-no answer within ${LIMIT:-10} s}"
  elif ! read_answer; then
    refusal="not an answer to a query"
    reason="Prometheus has not answered since $since: $refusal"
  fi
  if [ -n "$reason" ]; then
    : >"$STATE/answers"
    [ "$said" = "$refusal" ] || echo "health-page: $reason" >&2
    said=$refusal
  else
    mv "$STATE/answers.new" "$STATE/answers"
    since=$(date -u '+%Y-%m-%d %H:%M:%S UTC')
    [ "$said" = answered ] || echo "health-page: Prometheus answered"
    said=answered
  fi
  render json
  render html
  sleep "${EVERY:-15}" &
  waiting=$!
  wait "$waiting"
done
