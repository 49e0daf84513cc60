#!/bin/sh
# Gives the user of a cache at AWS the passwords that its secret holds by now, and leaves it alone where it has them. Ends the
# former one after the overlap; with the argument `revoke` at once.
#   USER_ID, USER_ARN  of the user at ElastiCache
#   PASSWORDS          a folder with the file default; with next, if clients use it later: both are good; with former, if
#                      clients used it before: good until the overlap has passed
#   OVERLAP            seconds for which the former password stays good
#   TMPDIR             in memory: passwords lie there for a moment
#   WAIT               seconds that the user may take to be changed (600)
#   POLL               seconds between two looks (5)
# ElastiCache shows no password to anybody. What was told last is known by its digest, in a tag of the user; another tag has
# the digest of the former password and when it ends.
set -eu

: "${USER_ID:?}" "${USER_ARN:?}" "${PASSWORDS:?}" "${TMPDIR:?}" "${OVERLAP:?}"
[ "${1-}" != revoke ] || OVERLAP=0
# shellcheck source=../rotation/overlap.sh
. "${SCRIPTS:-${0%/*}}/overlap.sh"
WAIT=${WAIT:-600}
POLL=${POLL:-5}
TAG=password-digest
FORMER_TAG=password-former

fail() {
  echo "$USER_ID: $*" >&2
  exit 1
}

umask 077
order=$TMPDIR/order.json
trap 'rm -f "$order"' EXIT

# What ElastiCache takes (16 to 128 characters that can be printed), before anybody else reads it: the client shows the
# whole order where it is no JSON.
password() {
  value=$(cat "$PASSWORDS/$1")
  LC_ALL=C
  case $value in *[!!-~]*) fail "the password under $1 has a character that can't be printed" ;; esac
  if [ ${#value} -lt 16 ] || [ ${#value} -gt 128 ]; then fail "the password under $1 has ${#value} characters; draw 16 to 128"; fi
  printf '%s' "$value" | sed 's/[\\"]/\\&/g'
}

first=$(password default)
second=
[ ! -f "$PASSWORDS/next" ] || second=$(password next)
former=
[ ! -f "$PASSWORDS/former" ] || former=$(password former)
if [ "$second" = "$first" ]; then second=; fi
if [ "$former" = "$first" ] || [ "$former" = "$second" ]; then former=; fi

# Its state, how it signs in, and how many passwords it has.
look() {
  found=$(aws elasticache describe-users --user-id "$USER_ID" --output text \
    --query 'Users[0].[Status, Authentication.Type, Authentication.PasswordCount]') || fail "it can't be read"
  # shellcheck disable=SC2086 # three words
  set -- $found
  status=${1:-} method=${2:-} count=${3:-}
}

# Until nobody changes it any more: until then it can neither be changed nor tagged.
settled() {
  left=$WAIT
  look
  while [ "$status" != active ]; do
    [ "$left" -gt 0 ] || fail "it is $status for too long"
    sleep "$POLL"
    left=$((left - (POLL > 0 ? POLL : 1)))
    look
  done
}

as_told() { [ "$method" = password ] && [ "$count" = "$wanted" ]; }

settled
tags=$(aws elasticache list-tags-for-resource --resource-name "$USER_ARN" --output text \
  --query "[TagList[?Key=='$TAG'].Value | [0], TagList[?Key=='$FORMER_TAG'].Value | [0]]") || fail "its tags can't be read"
# shellcheck disable=SC2086 # two words
set -- $tags
known=${1:-} known_former=${2:-None}

record=none
if [ -n "$former" ]; then
  overlap "$(digest "$USER_ID $former")" "$known_former"
  if ended; then
    echo "$USER_ID: the former password has ended; remove former from the secret"
  elif [ -n "$second" ]; then
    fail "a user has two passwords at most; remove former or next, or wait until $(moment "$ends")"
  else
    second=$former
    echo "$USER_ID: the former password ends at $(moment "$ends")"
  fi
fi
told="\"$first\""
wanted=1
if [ -n "$second" ]; then
  told="$told, \"$second\""
  wanted=2
fi
digest=$(digest "$USER_ID $told")
if as_told && [ "$known" = "$digest" ] && { [ "$known_former" = "$record" ] || [ "$record" = none ]; }; then
  echo "$USER_ID has its passwords"
  exit 0
fi

# By a file: arguments are seen by everybody.
printf '{"UserId": "%s", "AuthenticationMode": {"Type": "password", "Passwords": [%s]}}\n' "$USER_ID" "$told" >"$order"
aws elasticache modify-user --cli-input-json "file://$order" >/dev/null || fail "its passwords can't be set"
rm -f "$order"
settled
as_told || fail "it signs in by $method with $count passwords, and not with $wanted"
aws elasticache add-tags-to-resource --resource-name "$USER_ARN" --tags "Key=$TAG,Value=$digest" "Key=$FORMER_TAG,Value=$record" \
  >/dev/null || fail "it can't be tagged"
echo "$USER_ID has new passwords: $wanted"
