#!/bin/sh
# Writes retention, templates, roles and snapshots to Elasticsearch, and gives users the passwords of their secrets.
# Without an argument: writes every object, and Elasticsearch tests the bucket of snapshots. With `keep`: writes the objects that are
# missing or have another digest. With `revoke`: as `keep`, and disables former users at once.
#   URL          https://elasticsearch-es-http.observability.svc:9200
#   CA           its certificate authority
#   CREDENTIALS  a folder for each role, with `user` and `password`, and `administrator` with the `password` of elastic
#   ROLES        names of roles, separated by spaces; a role has the users `<role>_a` and `<role>_b`
#   OBJECTS      a folder with bodies of requests, and the lists `first` and `last`: on each line a path and the file of its body
#   INDICES      a pattern of indices without a template of their own, to which RETENTION (a policy) is attached
#   SCRIPTS      the folder of overlap.sh, which reads OVERLAP (that of this script)
#   OVERLAP      seconds for which a former user can sign in
#   WAIT         seconds until the cluster has to be green or yellow
#   POLL         seconds between two looks at it (5)
#   TMPDIR       in memory
set -eu

: "${URL:?}" "${CREDENTIALS:?}" "${ROLES:?}" "${OBJECTS:?}" "${INDICES:?}" "${RETENTION:?}" "${OVERLAP:?}" "${TMPDIR:?}" "${WAIT:?}"
POLL=${POLL:-5}
mode=${1:-all}
umask 077
answer=$TMPDIR/answer body=$TMPDIR/body error=$TMPDIR/error
trap 'rm -f "$answer" "$body" "$error"' EXIT
# shellcheck source=../../rotation/overlap.sh
. "${SCRIPTS:-${0%/*}}/overlap.sh"
[ "$mode" != revoke ] || OVERLAP=0

say() { echo "elasticsearch: $*"; }

fail() {
  say "$*" >&2
  exit 1
}

escaped() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

# as ROLE METHOD PATH [FILE]: status, and the response in $answer. The password goes through a pipe: neither arguments nor environment
# are hidden from others on the node.
as() {
  : >"$answer"
  if [ "$1" = administrator ]; then user=elastic; else user=$(cat "$CREDENTIALS/$1/user"); fi
  status=$({
    printf 'user = "%s:%s"\n' "$(escaped "$user")" "$(escaped "$(cat "$CREDENTIALS/$1/password")")"
    [ $# -lt 4 ] || printf 'header = "Content-Type: application/json"\ndata-binary = "@%s"\n' "$4"
  } | curl --silent --show-error --max-time 90 ${CA:+--cacert "$CA"} --config - --request "$2" --output "$answer" \
    --write-out '%{http_code}' "$URL$3" 2>"$error") || true
}

request() { as administrator "$@"; }

# field NAME: the first value of that name in the response.
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$answer" | head -n 1; }

# What went wrong with the last request.
cause() {
  if [ "$status" = 000 ]; then
    sed 's/^curl: //' "$error" | head -n 1
  else
    # The first reason is the cause; what follows repeats it.
    echo "status $status $(grep -o '"reason":"[^"]*"' "$answer" | head -n 1 | sed 's/^"reason":"//; s/"$//' | cut -c 1-400)"
  fi
}

healthy() {
  request GET '/_cluster/health?filter_path=status,number_of_nodes,unassigned_primary_shards,unassigned_shards'
  case $status in
  200) ;;
  401) reason="the password of the administrator is refused" && return 1 ;;
  *) reason=$(cause) && return 1 ;;
  esac
  health=$(field status)
  reason="the cluster is ${health:-unknown}: $(field number_of_nodes) nodes, $(field unassigned_primary_shards) primary shards unassigned; GET /_cluster/allocation/explain has the cause"
  [ "$health" = green ] || [ "$health" = yellow ]
}

wait_until_healthy() {
  until=$(($(date +%s) + WAIT))
  until healthy; do
    [ "$(date +%s)" -lt "$until" ] || fail "not ready after $WAIT s: $reason"
    sleep "$POLL"
  done
}

# put PATH [FILE]
put() {
  request PUT "/$1" ${2:+"$2"}
  case $status in 200 | 201) ;; *) fail "PUT /$1 failed: $(cause)" ;; esac
  ! grep -q '"acknowledged":false' "$answer" || fail "PUT /$1 was not acknowledged by all nodes in time"
}

# same PATH FILE: it exists with the digest that the file has. What can't carry a digest is the same if it exists.
same() {
  request GET "/$1?filter_path=**.digest"
  case $status in
  200) ;;
  404) return 1 ;;
  *) fail "GET /$1 failed: $(cause)" ;;
  esac
  wanted=$(sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p' "$OBJECTS/$2")
  [ -z "$wanted" ] || [ "$(field digest)" = "$wanted" ]
}

# write LIST
write() {
  while read -r path file; do
    if [ "$mode" != all ] && same "$path" "$file"; then continue; fi
    put "$path" "$OBJECTS/$file"
    say "wrote $path"
  done <"$OBJECTS/$1"
}

# The user that the secret of a role names signs in, has that role and no other, and is not about to end.
signs_in() {
  as "$1" GET '/_security/_authenticate?filter_path=roles,metadata.overlap'
  case $status in
  200) grep -q "\"roles\":\[\"$1\"\]" "$answer" && ! grep -q '"overlap"' "$answer" ;;
  401) return 1 ;;
  *) fail "sign-in of $1 failed: $(cause)" ;;
  esac
}

# give ROLE
give() {
  named=$(cat "$CREDENTIALS/$1/user")
  case $named in
  "$1_a") other=$1_b ;;
  "$1_b") other=$1_a ;;
  *) fail "the secret of $1 names the user $named; name $1_a or $1_b" ;;
  esac
  if ! signs_in "$1"; then
    printf '{"password":"%s","roles":["%s"],"enabled":true,"metadata":{}}' "$(escaped "$(cat "$CREDENTIALS/$1/password")")" "$1" >"$body"
    put "_security/user/$named" "$body"
    signs_in "$1" || fail "$named can't sign in: $(cause)"
    say "$named has the password of its secret"
  fi
  end "$1" "$other"
}

# end ROLE USER: a user that no secret names is disabled after the overlap.
end() {
  request GET "/_security/user/$2?filter_path=*.enabled,*.metadata.overlap"
  case $status in
  200) ;;
  404) return ;;
  *) fail "GET /_security/user/$2 failed: $(cause)" ;;
  esac
  [ "$(field enabled)" = true ] || return 0
  kept=$(field overlap)
  overlap "$(digest "$2")" "$kept"
  if ended; then
    put "_security/user/$2/_disable"
    say "$2 is disabled"
    return
  fi
  if [ "$record" != "$kept" ]; then
    # Without a password in the request the user keeps its own.
    printf '{"roles":["%s"],"enabled":true,"metadata":{"overlap":"%s"}}' "$1" "$record" >"$body"
    put "_security/user/$2" "$body"
  fi
  say "$2 ends at $(moment "$ends")"
}

# Jaeger makes an index for each day, by a template that has no policy.
attach() {
  request GET "/_cat/indices/$INDICES?h=index&format=json"
  case $status in
  200) ;;
  404) return ;;
  *) fail "GET /_cat/indices/$INDICES failed: $(cause)" ;;
  esac
  all=$(grep -o '"index":' "$answer" | wc -l)
  [ "$all" -gt 0 ] || return 0
  request GET "/$INDICES/_settings/index.lifecycle.name?flat_settings=true"
  [ "$status" = 200 ] || fail "GET /$INDICES/_settings failed: $(cause)"
  attached=$(grep -o "\"index.lifecycle.name\":\"$RETENTION\"" "$answer" | wc -l)
  [ "$attached" -lt "$all" ] || return 0
  printf '{"index":{"lifecycle":{"name":"%s"}}}' "$RETENTION" >"$body"
  put "$INDICES/_settings" "$body"
  say "attached $RETENTION to $((all - attached)) indices"
}

wait_until_healthy
write first
for role in $ROLES; do give "$role"; done
attach
write last
say "settings are complete, health is $health"
