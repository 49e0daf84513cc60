#!/bin/sh
# Makes the users of workloads, with the passwords that their secrets hold by now: creates who is missing, sets the password
# of who can't sign in, and leaves everyone else alone. Gives rights to roles once; what is written there later stays.
#   USERS            a folder for each role, with the files user and password, and next-user and next-password while a
#                    rotation is under way
#   GRANTS           a folder with what is appended for rights, each file a request of its own
#   ADMIN_PASSWORD   of the user admin; or
#   ADMIN            a folder with it in the file password, which is read again for as long as somebody may be about to fill it
#   FILLING          seconds that this may take (0)
#   FILLED           what somebody has to fill it with, and where
set -eu
# shellcheck source=nodes.sh
. "${0%/*}/nodes.sh"

: "${USERS:?}" "${ADMIN_PASSWORD:-${ADMIN:?}}"

signs_in() { [ "$(as "$1" "$2" GET "$node/users/\$current")" = 200 ]; }

admin_signs_in() {
  [ -z "${ADMIN:-}" ] || ADMIN_PASSWORD=$(cat "$ADMIN/password")
  status=$(as admin "$ADMIN_PASSWORD" GET "$node/users/\$current")
  [ "$status" = 200 ]
}

# ensure ROLE USER PASSWORD
ensure() {
  case $2 in admin | ops | '') die "$1: \"$2\" is no user of a workload" ;; esac
  if signs_in "$2" "$3"; then return; fi
  status=$(as admin "$ADMIN_PASSWORD" GET "$node/users/$2")
  case $status in
    200)
      status=$(as admin "$ADMIN_PASSWORD" POST "$node/users/$2/command/reset-password" "{\"newPassword\":\"$(quoted "$3")\"}")
      [ "$status" = 200 ] || die "$2: the password can't be set ($status)"
      say "$2 has a new password"
      ;;
    404)
      status=$(as admin "$ADMIN_PASSWORD" POST "$node/users" \
        "{\"loginName\":\"$2\",\"fullName\":\"$1\",\"groups\":[\"$1\"],\"password\":\"$(quoted "$3")\"}")
      [ "$status" = 201 ] || die "$2 can't be made ($status)"
      say "$2 is made"
      ;;
    *) die "users can't be read ($status)" ;;
  esac
  await "$PATIENCE" signs_in "$2" "$3" || die "$2 can't sign in"
}

# grant FILE: appends an event, unless its stream has one.
grant() {
  printf 'user = "admin:%s"\n' "$(quoted "$ADMIN_PASSWORD")" |
    curl --silent --max-time 30 ${CA:+--cacert "$CA"} --config - --http2-prior-knowledge --request POST \
      --header 'content-type: application/grpc' --header 'te: trailers' --data-binary "@$1" \
      --dump-header "$work/headers" --output "$answer" "$node/event_store.client.streams.Streams/Append" || true
  grep -qi '^grpc-status: *0' "$work/headers" || die "${1##*/}: rights can't be given ($(grep -i '^grpc-' "$work/headers" | tr '\r\n' '  '))"
  # After a frame of five bytes comes the field: 12 says that it was appended, 22 that the stream has something.
  case $(od -An -to1 -j5 -N1 "$answer" | tr -d ' ') in
    012) say "${1##*/} is given" ;;
    022) ;;
    *) die "${1##*/}: the answer can't be read" ;;
  esac
}

led() {
  node=$(leader)
  [ -n "$node" ]
}
await "${RECOVERY:-3600}" led || die "no node leads"

refused="admin can't sign in: its password is another than that of the secret${FILLED:+; $FILLED}"
# Another node may lead by then.
filled() { led && admin_signs_in; }
if ! admin_signs_in; then
  if [ "$status" = 401 ] && [ "${FILLING:-0}" -gt 0 ]; then say "$refused"; fi
  if ! await "${FILLING:-0}" filled; then
    [ "$status" = 401 ] || die "admin can't be asked for ($status)"
    die "$refused"
  fi
fi

for role in "$USERS"/*/; do
  name=${role%/}
  name=${name##*/}
  ensure "$name" "$(cat "$role/user")" "$(cat "$role/password")"
  if [ -f "$role/next-user" ]; then ensure "$name" "$(cat "$role/next-user")" "$(cat "$role/next-password")"; fi
done
for file in "${GRANTS:?}"/*; do grant "$file"; done
say "all users are as their secrets say"
