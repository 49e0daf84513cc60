#!/bin/sh
# Replaces the pods that are not as the StatefulSet says by now, so that the cluster never stops: what does not serve
# anyway first, then followers, each followed by the next only when it follows again; the leader last, after it has
# resigned. Started again it goes on where it stopped.
#   SET, NAMESPACE     the StatefulSet
#   API, API_CA, TOKEN the Kubernetes API, its certificates, the file with the token for it
#   OPS_PASSWORD       of the user ops; none where nodes are insecure
#   RECOVERY           seconds that a node may take to follow again (3600)
#   SETTLE             seconds until clients know a node's new address (0)
set -eu
# shellcheck source=nodes.sh
. "${0%/*}/nodes.sh"

: "${SET:?}" "${NAMESPACE:?}" "${API:?}" "${TOKEN:?}"
RECOVERY=${RECOVERY:-3600}

# kube METHOD PATH: prints the status; the object is in $answer, each field on a line of its own.
kube() {
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$TOKEN")" |
    curl --silent --max-time 30 ${API_CA:+--cacert "$API_CA"} --config - --request "$1" --output "$answer" \
      --write-out '%{http_code}' "$API$2?pretty=true" || true
}

# line NAME: the value of the first line that begins with that name.
line() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$answer" | head -n 1; }

# The controller has seen what was asked for last.
observed() {
  status=$(kube GET "/apis/apps/v1/namespaces/$NAMESPACE/statefulsets/$SET")
  [ "$status" = 200 ] || die "the StatefulSet $SET can't be read ($status)"
  newest=$(line updateRevision)
  [ -n "$newest" ] && [ "$(line generation)" = "$(line observedGeneration)" ]
}

# look POD: sets revision and ready; a pod that is not there has neither.
look() {
  revision='' ready=''
  status=$(kube GET "/api/v1/namespaces/$NAMESPACE/pods/$1")
  case $status in
    200) revision=$(line controller-revision-hash) ready=$(line ready) ;;
    404) ;;
    *) die "the pod $1 can't be read ($status)" ;;
  esac
}

outdated() {
  look "$1"
  [ -n "$revision" ] && [ "$revision" != "$newest" ]
}

remove() {
  say "$1 is replaced"
  status=$(kube DELETE "/api/v1/namespaces/$NAMESPACE/pods/$1")
  case $status in 200 | 202 | 404) ;; *) die "$1 can't be deleted ($status)" ;; esac
}

serving() { serves "$(state "$1")"; }

# back POD URL: it is of the newest revision, and serves.
back() {
  look "$1"
  [ "$revision" = "$newest" ] && serving "$2"
}

# at ORDINAL: the address of that pod.
at() {
  shift "$(($1 + 1))"
  printf '%s\n' "$1"
}
# shellcheck disable=SC2086 # addresses, one a word
address() { at "$1" $NODES; }

# Of a pod whose readiness and whose own word differ nothing is known: it has just gone or come, or can't be reached from here.
agrees() {
  look "$1"
  if serves "$(state "$2")"; then [ "$ready" = true ]; else [ "$ready" != true ]; fi
}

await "$PATIENCE" observed || die "the controller has not seen the newest $SET"
# shellcheck disable=SC2086 # addresses, one a word
size=$(count $NODES)

i=0
while [ "$i" -lt "$size" ]; do
  await "$PATIENCE" agrees "$SET-$i" "$(address "$i")" || die "$SET-$i is ready for Kubernetes and not from here, or the other way round: nothing is replaced"
  i=$((i + 1))
done

# What does not serve loses nothing by it, and may need the new version to serve at all.
i=0
while [ "$i" -lt "$size" ]; do
  if outdated "$SET-$i" && [ "$ready" != true ]; then remove "$SET-$i"; fi
  i=$((i + 1))
done
i=0
while [ "$i" -lt "$size" ]; do
  await "$RECOVERY" serving "$(address "$i")" || die "$SET-$i does not serve: nothing further is replaced"
  i=$((i + 1))
done

replace() {
  remove "$1"
  await "$RECOVERY" back "$1" "$2" || die "$1 does not serve again: nothing further is replaced"
  sleep "${SETTLE:-0}"
}

last=
i=0
while [ "$i" -lt "$size" ]; do
  if outdated "$SET-$i"; then
    if [ "$(state "$(address "$i")")" = leader ]; then last="$last $i"; else replace "$SET-$i" "$(address "$i")"; fi
  fi
  i=$((i + 1))
done
# Usually one; a follower that has come to lead meanwhile is already new.
for i in $last; do
  if [ "$size" -gt 1 ] && [ "$(state "$(address "$i")")" = leader ]; then resign "$(address "$i")"; fi
  replace "$SET-$i" "$(address "$i")"
done

led() { [ -n "$(leader)" ]; }
await "$PATIENCE" led || die "no node leads"
say "all nodes are as they should be"
