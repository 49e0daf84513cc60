#!/bin/sh
# Restarts the pods of a StatefulSet when the Secret that they read at their start has changed: until then the former values are
# accepted, and not the new ones. With the argument `revoke` also if it isn't known which values they started with.
#   SET, NAMESPACE     the StatefulSet
#   STATE              a ConfigMap that keeps the digest of the values that pods have started with
#   PASSWORDS          a folder with the Secret
#   API, API_CA, TOKEN the Kubernetes API, its certificates, the file with the token for it
#   WAIT               seconds until all pods have restarted (1200)
#   POLL               seconds between two looks (5)
#   TMPDIR             in memory
#   READ_BY            the script that reads this one, and calls restart
set -eu

: "${SET:?}" "${NAMESPACE:?}" "${STATE:?}" "${PASSWORDS:?}" "${API:?}" "${TOKEN:?}" "${TMPDIR:?}"
WAIT=${WAIT:-1200}
POLL=${POLL:-5}
umask 077
answer=$TMPDIR/answer
trap 'rm -f "$answer"' EXIT

say() { echo "$SET: $*"; }

fail() {
  say "$*" >&2
  exit 1
}

set_path=/apis/apps/v1/namespaces/$NAMESPACE/statefulsets/$SET
state_path=/api/v1/namespaces/$NAMESPACE/configmaps/$STATE

# kube METHOD PATH [BODY]: the object is in $answer, each field on a line of its own.
kube() {
  status=$({
    printf 'header = "Authorization: Bearer %s"\n' "$(cat "$TOKEN")"
    [ $# -lt 3 ] ||
      printf 'header = "Content-Type: application/merge-patch+json"\ndata = "%s"\n' "$(printf '%s' "$3" | sed 's/[\\"]/\\&/g')"
  } | curl --silent --max-time 30 ${API_CA:+--cacert "$API_CA"} --config - --request "$1" --output "$answer" \
    --write-out '%{http_code}' "$API$2?pretty=true") || true
  [ "$status" = 200 ] || fail "$1 $2 was answered with $status"
}

# line NAME: the value of the first line that begins with that name.
line() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$answer" | head -n 1; }

# keep NAME VALUE: for the next run.
keep() { kube PATCH "$state_path" "{\"data\":{\"$1\":\"$2\"}}"; }

# The controller has seen what was asked for last, and all pods are as it says and ready.
restarted() {
  kube GET "$set_path"
  [ "$(line generation)" = "$(line observedGeneration)" ] && [ "$(line currentRevision)" = "$(line updateRevision)" ] &&
    [ "$(line readyReplicas)" = "$(line replicas)" ]
}

# With the values that the Secret has by now; fails while a pod has others.
restart() {
  values=$(for file in "$PASSWORDS"/*; do
    printf '%s ' "${file##*/}"
    sha256sum <"$file"
  done | sha256sum | cut -c 1-64)
  kube GET "$state_path"
  known=$(line digest)
  if [ "$known" != "$values" ]; then
    if [ -n "$known" ] || [ "${1-}" = revoke ]; then
      kube PATCH "$set_path" \
        "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/restartedAt\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}}}}}"
      say "restarts with the values of its secret"
    fi
    keep digest "$values"
  fi
  left=$WAIT
  until restarted; do
    [ "$left" -gt 0 ] || fail "not all pods have restarted after $WAIT seconds; former values may still be accepted"
    sleep "$POLL"
    left=$((left - (POLL > 0 ? POLL : 1)))
  done
  say "all pods have the values of the secret"
}

# A script that reads this one restarts when it comes to it.
[ -n "${READ_BY-}" ] || restart "$@"
