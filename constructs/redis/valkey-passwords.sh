#!/bin/sh
# Gives the user `default` of each Valkey server the passwords that its secret holds by now, and ends all others: the former
# one after the overlap. With the argument `revoke` at once, and every session too: all clients are this user, and a server
# doesn't tell by which password a session began.
#   SERVERS    host:port of each, separated by blanks
#   PASSWORDS  a folder with the file default; with next, if clients use it later: both are good; with former, if clients used
#              it before: good until the overlap has passed, in pods that are there since then
#   OVERLAP    seconds for which the former password stays good
#   CONNECT    seconds in which a server may refuse the first connection (15): network policies know a new pod a moment late
#   CA         a file with the certificate that servers' certificates come from; without it they speak in plaintext
#   TMPDIR     in memory
#   CLI        the client (valkey-cli)
# A server keeps when the former password ends in the name of a user that can do nothing: former-DIGEST-SECONDS. A new pod ends
# it: the chart starts one with the password under default alone.
set -eu

: "${SERVERS:?}" "${PASSWORDS:?}" "${OVERLAP:?}" "${TMPDIR:?}"
[ "${1-}" != revoke ] || OVERLAP=0
# shellcheck source=../rotation/overlap.sh
. "${SCRIPTS:-${0%/*}}/overlap.sh"

umask 077
answer=$TMPDIR/answer
trap 'rm -f "$answer"' EXIT

fail() {
  echo "valkey: $*" >&2
  exit 1
}

# Commands are lines, in which a password is a text between quotes.
password() {
  [ -f "$PASSWORDS/$1" ] || return 0
  value=$(cat "$PASSWORDS/$1")
  LC_ALL=C
  case $value in *[!!-~]*) fail "the password under $1 has a character that can't be printed" ;; esac
  printf '%s' "$value"
}

default=$(password default)
[ -n "$default" ] || fail "there is no password under default"
next=$(password next)
former=$(password former)
if [ "$former" = "$default" ] || [ "$former" = "$next" ]; then former=; fi

quoted() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

# ask COMMAND...: replies are in $answer. Read from standard input: arguments are seen by everybody.
ask() {
  {
    printf 'AUTH default %s\n' "$(quoted "$secret")"
    printf '%s\n' "$@"
  } | timeout 30 "${CLI:-valkey-cli}" -h "${server%:*}" -p "${server##*:}" ${CA:+--tls --cacert "$CA"} >"$answer" 2>&1 || true
  [ "$(head -n 1 "$answer")" = OK ] && sed -i 1d "$answer"
}

# change COMMAND...: all of them succeed.
change() {
  if ask "$@" && ! grep -Evq '^(OK|[0-9]+|)$' "$answer"; then return 0; fi
  complain "$(grep -Ev '^(OK|[0-9]+|)$' "$answer" | head -n 1)"
}

complain() {
  echo "${server%%.*}: $*" >&2
  return 1
}

sign_in() {
  for secret in "$default" "$former" "$next"; do
    [ -z "$secret" ] || ! ask "ACL LIST" || return 0
  done
  complain "no password of the secret is good ($(head -n 1 "$answer")); write the old one under former"
}

has() { case " $1 " in *" $2 "*) ;; *) return 1 ;; esac; }

# Another answer than a refusal is for what comes next to judge.
await() {
  secret=$default tries=${CONNECT:-15}
  until ask PING || ! grep -q '^Could not connect' "$answer" || [ "$tries" -le 0 ]; do
    tries=$((tries - 1))
    sleep 1
  done
}

# What a server has and should not, or should have and has not: of the user, of the records.
keep() {
  await
  sign_in || return 1
  current=$(sed -n 's/^user default //p' "$answer" | tr ' ' '\n' | sed -n 's/^#//p' | tr '\n' ' ')
  records=$(sed -n 's/^user former-\([0-9a-f]*-[0-9]*\) .*/\1/p' "$answer" | tr '\n' ' ')
  wanted=$(digest "$default")
  [ -z "$next" ] || wanted="$wanted $(digest "$next")"
  record=
  if [ -n "$former" ] && has "$current" "$(digest "$former")"; then
    overlap "$(digest "$former")" "$records"
    if ended; then
      record=
      echo "${server%%.*}: the former password has ended"
    else
      wanted="$wanted $(digest "$former")"
      echo "${server%%.*}: the former password ends at $(moment "$ends")"
    fi
  fi
  rules=
  for hash in $wanted; do has "$current" "$hash" || rules="$rules #$hash"; done
  for hash in $current; do has "$wanted" "$hash" || rules="$rules !$hash"; done
  set --
  # The record first: without it a former password would have another overlap.
  [ -z "$record" ] || has "$records" "$record" || set -- "$@" "ACL SETUSER former-$record off"
  for old in $records; do [ "$old" = "$record" ] || set -- "$@" "ACL DELUSER former-$old"; done
  [ -z "$rules" ] || set -- "$@" "ACL SETUSER default$rules"
  if [ $# -gt 0 ]; then
    change "$@" || return 1
    [ -z "$rules" ] || echo "${server%%.*}: default has new passwords: $(echo "$wanted" | wc -w | tr -d ' ')"
  fi
  secret=$default
  follow || return 1
  # A container that restarts in its pod reads the file again, and the chart writes it for a new pod only.
  change "ACL SAVE"
}

# A replica signs in at the writer with a password of its own, which no client may set.
follow() {
  ask "INFO replication" || complain "$(head -n 1 "$answer")" || return 1
  grep -q '^role:slave' "$answer" || return 0
  ask "CONFIG GET masterauth" || complain "$(head -n 1 "$answer")" || return 1
  [ "$(sed -n 2p "$answer")" != "$default" ] || return 0
  change "ACL SETUSER default +config|set" "CONFIG SET masterauth $(quoted "$default")" "ACL SETUSER default -config|set" || return 1
  echo "${server%%.*}: follows with the new password"
}

failed=0
for server in $SERVERS; do keep || failed=1; done
if [ "${1-}" = revoke ]; then
  secret=$default
  for server in $SERVERS; do
    if change "CLIENT KILL USER default SKIPME yes"; then
      echo "${server%%.*}: ended $(head -n 1 "$answer") sessions"
    else
      failed=1
    fi
  done
fi
exit "$failed"
