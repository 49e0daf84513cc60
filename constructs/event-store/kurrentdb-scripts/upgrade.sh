#!/bin/sh
# Replaces the pods that are not as the StatefulSet says by now, one after the other, so that the cluster never stops:
# followers first, each only while all other nodes serve and have caught up; the leader last, after it has resigned. What
# does not serve anyway goes first: it may need the change to serve at all. It looks at everything again before each step,
# so it goes on where another run was stopped, at whatever step.
#   SET, NAMESPACE     the StatefulSet
#   API, API_CA, TOKEN the Kubernetes API, its certificates, the file with the token for it
#   OPS_PASSWORD       of the user ops; none where nodes are insecure
#   RECOVERY           seconds that a node may take to serve again (3600)
#   SETTLE             seconds until clients know a node's new address (0)
#   TIME               seconds until it stops, and leaves the rest to another run (7200)
set -eu
# shellcheck source=nodes.sh
. "${0%/*}/nodes.sh"

: "${SET:?}" "${NAMESPACE:?}" "${API:?}" "${TOKEN:?}"
RECOVERY=${RECOVERY:-3600}
end=$(($(date +%s) + ${TIME:-7200}))

# kube METHOD PATH [BODY]: prints the status, 000 where nobody answers; the object is in $answer, each field on a line of its own.
kube() {
  {
    printf 'header = "Authorization: Bearer %s"\n' "$(cat "$TOKEN")"
    [ $# -lt 3 ] || printf 'header = "Content-Type: application/json"\ndata = "%s"\n' "$(quoted "$3")"
  } | curl --silent --max-time 30 ${API_CA:+--cacert "$API_CA"} --config - --request "$1" --output "$answer" \
    --write-out '%{http_code}' "$API$2?pretty=true" || true
}

# line NAME: the value of the first line that begins with that name.
line() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$answer" | head -n 1; }

# The controller has seen what was asked for last.
observed() {
  status=$(kube GET "/apis/apps/v1/namespaces/$NAMESPACE/statefulsets/$SET")
  [ "$status" = 200 ] || return 1
  newest=$(line updateRevision)
  [ -n "$newest" ] && [ "$(line generation)" = "$(line observedGeneration)" ]
}

# look POD: sets revision, ready and uid; a pod that is not there, or on its way out, has none of them.
look() {
  revision='' ready='' uid=''
  status=$(kube GET "/api/v1/namespaces/$NAMESPACE/pods/$1")
  case $status in
    200)
      awk '
        { gsub(/[",]/, "") }
        $1 == "deletionTimestamp:" { going = 1 }
        $1 == "controller-revision-hash:" || $1 == "ready:" || $1 == "uid:" { if (!($1 in first)) first[$1] = $2 }
        END { if (!going) print first["controller-revision-hash:"], first["ready:"], first["uid:"] }
      ' "$answer" >"$work/pod"
      # shellcheck disable=SC2034 # uid: of the pod that was looked at last
      read -r revision ready uid <"$work/pod" || true
      ;;
    404) ;;
    # Asked again in the next round: nothing is known of it.
    *) revision=unknown ready=unknown ;;
  esac
}

has() { case " $1 " in *" $2 "*) ;; *) return 1 ;; esac; }

# at ORDINAL: the address of that pod.
at() {
  shift "$(($1 + 1))"
  printf '%s\n' "$1"
}
# shellcheck disable=SC2086 # addresses, one a word
address() { at "$1" $NODES; }

# Sorts the nodes by ordinal. A node's own word counts most: serving; or down, which may pass by itself where it is catching up,
# or was ready a moment ago (passing). Torn are those that Kubernetes calls ready and that can't be reached from here, or that
# serve and aren't ready yet: nothing is known of them. Old are those of another revision, and one may be leading.
survey() {
  serving='' down='' torn='' catching='' passing='' old='' leading='' new=0
  i=0
  for node in $NODES; do
    look "$SET-$i"
    where=$(state "$node")
    if [ "$ready" = unknown ]; then
      torn="$torn $i"
    elif serves "$where"; then
      if [ "$ready" = true ]; then serving="$serving $i"; else torn="$torn $i"; fi
    elif [ "$ready" = true ] && [ -z "$where" ]; then
      torn="$torn $i"
    else
      down="$down $i"
      [ "$ready" != true ] || passing="$passing $i"
    fi
    case $where in
      leader) leading=$i ;;
      prereplica | catchingup | clone) catching="$catching $i" ;;
    esac
    case $revision in
      '' | unknown) ;;
      "$newest") new=$((new + 1)) ;;
      *) old="$old $i" ;;
    esac
    i=$((i + 1))
  done
}

# What keeps it from going on: a line for each node that does not serve.
obstacles() {
  for i in $down $torn; do
    look "$SET-$i"
    case $ready in true) well=' and is ready for Kubernetes' ;; *) well='' ;; esac
    say "$SET-$i $(says "$(address "$i")")$well"
  done
}

# positions: how far the nodes are by the leader's gossip, the leader first, a line for each that is alive.
positions() {
  set -- "$(address "$leading")/gossip"
  [ "$(as ops "${OPS_PASSWORD:-}" GET "$1")" = 200 ] || return 0
  # shellcheck disable=SC2020 # each of the two becomes a new line
  tr -d '\r\n' <"$answer" | tr '{}' '\n\n' | grep '"isAlive" *: *true' >"$work/members" || true
  for which in '' --invert-match; do
    # shellcheck disable=SC2086 # no word where it is empty
    grep $which '"state" *: *"Leader"' "$work/members" |
      sed -n 's/.*"writerCheckpoint" *: *\(-\{0,1\}[0-9]*\).*/\1/p'
  done
}

# Every node has what the leader had when this was asked first since the last replacement.
caught_up() {
  positions >"$work/positions"
  [ "$(wc -l <"$work/positions")" -eq "$size" ] || return 1
  [ -n "$goal" ] || goal=$(head -n 1 "$work/positions")
  while read -r position; do [ "$position" -ge "$goal" ] || return 1; done <"$work/positions"
}

# evict POD: by the eviction API, which keeps the disruption budget; fails where that is used up, by a drain perhaps.
evict() {
  look "$1"
  [ -n "$uid" ] || return 0
  # Of this very pod: its successor has the same name.
  status=$(kube POST "/api/v1/namespaces/$NAMESPACE/pods/$1/eviction" "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\
\"metadata\":{\"name\":\"$1\",\"namespace\":\"$NAMESPACE\"},\"deleteOptions\":{\"preconditions\":{\"uid\":\"$uid\"}}}")
  case $status in
    200 | 201 | 404 | 409) ;;
    429 | 000 | 5*) return 1 ;;
    *) die "$1 can't be evicted ($status)" ;;
  esac
  say "$1 is replaced"
  goal='' settled=''
}

# The budget also refuses to let go what does not serve, where two don't, and would so keep a repair away.
force() {
  say "$1 is deleted: it does not serve, so the disruption budget protects nothing"
  status=$(kube DELETE "/api/v1/namespaces/$NAMESPACE/pods/$1")
  case $status in 200 | 202 | 404) ;; *) die "$1 can't be deleted ($status)" ;; esac
  goal='' settled=''
}

# One step towards the end, or none yet (1).
step() {
  for i in $old; do
    has "$down" "$i" || continue
    # It is about to follow, and would begin again.
    if has "$catching" "$i" && [ "$idle" -lt "$RECOVERY" ]; then continue; fi
    if has "$passing" "$i" && [ "$idle" -lt "$PATIENCE" ]; then return 1; fi
    # An election takes a moment; once it was waited for in vain there is none to be disturbed.
    if [ -z "$leading" ] && [ -z "$leaderless" ]; then
      [ "$idle" -ge "$PATIENCE" ] || return 1
      leaderless=yes
    fi
    if evict "$SET-$i"; then return 0; fi
    if [ -n "$leading" ] && has "$passing" "$i"; then return 1; fi
    force "$SET-$i"
    return 0
  done
  # shellcheck disable=SC2086 # ordinals, one a word
  if [ "$(count $serving)" -lt "$size" ] || [ -z "$leading" ]; then return 1; fi
  if [ "$size" -gt 1 ]; then caught_up || return 1; fi
  if [ -z "$settled" ]; then
    sleep "${SETTLE:-0}"
    settled=yes
    return 0
  fi
  for i in $old; do
    [ "$i" = "$leading" ] && continue
    evict "$SET-$i"
    return
  done
  if [ "$size" -gt 1 ]; then
    resign "$(address "$leading")"
    return 0
  fi
  evict "$SET-$leading"
}

await "$PATIENCE" observed || die "the StatefulSet $SET can't be read, or its controller has not seen its newest version ($status)"
# shellcheck disable=SC2086 # addresses, one a word
size=$(count $NODES)
idle=0 goal='' leaderless=''
survey
# What another run has replaced last may not be known to clients yet.
settled=yes
[ "$new" -eq 0 ] || settled=''
while [ -n "$old$down$torn" ] || [ -z "$leading" ]; do
  if [ "$(date +%s)" -ge "$end" ]; then
    obstacles >&2
    die "the time is over: $new of $size pods are of the newest version, and the next run goes on"
  fi
  if step; then
    idle=0
  else
    limit=$PATIENCE
    # shellcheck disable=SC2086 # ordinals, one a word
    if [ "$(count $down)" -gt 0 ] || [ "$(count $serving)" -eq "$size" ]; then limit=$RECOVERY; fi
    if [ "$idle" -ge "$limit" ]; then
      obstacles >&2
      [ -n "$leading" ] || say "no node leads" >&2
      [ -n "$down$torn" ] || say "the followers have not caught up, or the disruption budget is used up" >&2
      die "nothing further is replaced: $new of $size pods are of the newest version"
    fi
    sleep "$POLL"
    idle=$((idle + (POLL > 0 ? POLL : 1)))
  fi
  survey
  [ -z "$leading" ] || leaderless=''
done
say "all nodes are as they should be"
