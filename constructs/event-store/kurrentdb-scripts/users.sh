#!/bin/sh
# Makes the users of workloads, with the passwords that their secrets hold by now: creates who is missing, sets the password
# of who can't sign in, disables those of a role that its secret names no more, and leaves everyone else alone. Gives rights to roles once; what is written there later stays.
#   USERS            a folder for each role, with the files user and password, and next-user and next-password while a
#                    rotation is under way
#   GRANTS           a folder with what is appended for rights, each file a request of its own
#   SUBSCRIPTIONS    a folder with persistent subscriptions: of each N.name, where it says what it is (N.path) and what that should
#                    be (N.settings), the requests N.create and N.update; none
#   UPDATES          whether subscriptions with other settings are updated, which disconnects their consumers; not where empty
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

# order USER COMMAND
order() {
  status=$(as admin "$ADMIN_PASSWORD" POST "$node/users/$1/command/$2")
  [ "$status" = 200 ] || die "$1 can't be told to $2 ($status)"
  say "$1: $2"
}

# revoke ROLE USER...: the end of a rotation. Users that were made here for the role and are not among these can't sign in any
# more, at once (UserManagementService.Disable forgets the password that it has checked).
revoke() {
  role=$1
  shift
  status=$(as admin "$ADMIN_PASSWORD" GET "$node/users/")
  [ "$status" = 200 ] || die "users can't be listed ($status)"
  tr '\r\n' '  ' <"$answer" | sed 's/"loginName"/\n&/g' | grep "\"fullName\" *: *\"$role\"" |
    grep "\"groups\" *: *\[ *\"$role\" *\]" | grep '"disabled" *: *false' |
    sed -n 's/^"loginName" *: *"\([A-Za-z0-9._-]*\)".*/\1/p' >"$work/members" || true
  while read -r member; do
    case " $* " in *" $member "*) ;; *) order "$member" disable ;; esac
  done <"$work/members"
}

# ensure ROLE USER PASSWORD
ensure() {
  case $2 in admin | ops | '') die "$1: \"$2\" is no user of a workload" ;; esac
  if signs_in "$2" "$3"; then return; fi
  status=$(as admin "$ADMIN_PASSWORD" GET "$node/users/$2")
  case $status in
    200)
      if [ "$(field disabled <"$answer")" = true ]; then order "$2" enable; fi
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

# call METHOD FILE: a call of gRPC as admin; sets code, and the whole of what was said of it.
call() {
  : >"$work/headers"
  printf 'user = "admin:%s"\n' "$(quoted "$ADMIN_PASSWORD")" |
    curl --silent --max-time 30 ${CA:+--cacert "$CA"} --config - --http2-prior-knowledge --request POST \
      --header 'content-type: application/grpc' --header 'te: trailers' --data-binary "@$2" \
      --dump-header "$work/headers" --output "$answer" "$node/event_store.client.$1" || true
  whole=$(grep -i '^grpc-' "$work/headers" | tr '\r\n' '  ')
  code=$(printf '%s' "$whole" | sed -n 's/.*grpc-status: *\([0-9]*\).*/\1/p')
}

# subscribed N: the subscription is there, as it was declared.
subscribed() {
  led || return 1
  name=$(cat "$1.name")
  status=$(as admin "$ADMIN_PASSWORD" GET "$node$(cat "$1.path")")
  case $status in
    200) ;;
    404)
      call persistent_subscriptions.PersistentSubscriptions/Create "$1.create"
      case $code in
        0) say "$name is made" ;;
        # Somebody else has been faster.
        6) return 1 ;;
        *) unlucky ;;
      esac
      return
      ;;
    *) return 1 ;;
  esac
  if as_declared "$1.settings"; then return 0; fi
  if [ -z "${UPDATES:-}" ]; then
    say "$name has other settings than declared; the next apply that changes a declaration brings them"
    return 0
  fi
  call persistent_subscriptions.PersistentSubscriptions/Update "$1.update"
  if [ "$code" != 0 ]; then
    unlucky
    return
  fi
  say "$name has new settings, and its consumers connect again"
}

# Without an answer, unavailable (14), or told that another node leads (5) it is asked again; a refusal stays one.
unlucky() {
  case $code in '' | 5 | 14) return 1 ;; *) die "$name: $whole" ;; esac
}

as_declared() {
  while IFS='=' read -r setting value; do
    [ "$(field "$setting" <"$answer")" = "$value" ] || return 1
  done <"$1"
}

# grant FILE: appends an event, unless its stream has one.
grant() {
  call streams.Streams/Append "$1"
  [ "$code" = 0 ] || die "${1##*/}: rights can't be given ($whole)"
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
  user=$(cat "$role/user") next=''
  if [ -f "$role/next-user" ]; then
    next=$(cat "$role/next-user")
    ensure "$name" "$next" "$(cat "$role/next-password")"
  fi
  revoke "$name" "$user" "$next"
done
for file in "${GRANTS:?}"/*; do grant "$file"; done
if [ -n "${SUBSCRIPTIONS:-}" ]; then
  for file in "$SUBSCRIPTIONS"/*.path; do
    status='' whole=''
    await "$PATIENCE" subscribed "${file%.path}" || die "$(cat "${file%.path}.name") can't be made or looked at ($status $whole)"
  done
fi
say "all users are as their secrets say"
