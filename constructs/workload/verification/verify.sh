#!/bin/sh
# Looks whether what was deployed works, and writes what it found into a ConfigMap, from which Terraform takes its error. Where
# something does not work, this job and those that it looked at expire, so that the next apply runs them again: it ends well
# itself, since Terraform would say no more of a failed job than that it failed. What it can't report, it fails for.
#   CHECKS             a directory: `list`, of which each line is a check, and what they have beside it
#   JOB, NAMESPACE     its own job
#   REPORT             the ConfigMap
#   EXPIRES            jobs that go with it, a word each; none
#   TIME               seconds until all checks have to succeed
#   POLL, KEEP         seconds between two tries (5), and until jobs are gone after they have failed (60)
#   PATIENCE           seconds for which the API is asked again where it does not answer (10)
#   HOPE               seconds that pods may not be able to start (300): a registry, or a secret, may come late
#   API, API_CA, TOKEN the Kubernetes API, its certificates, the file with the token for it
#   TMPDIR             where the container with the queries leaves their answers
#   BEARER_n           the token that check n shows; none
set -eu

: "${CHECKS:?}" "${JOB:?}" "${NAMESPACE:?}" "${REPORT:?}" "${TIME:?}" "${API:?}" "${TOKEN:?}"
here=${0%/*}
work=$(mktemp -d)
# The container with the queries, if there is one, ends with this one.
trap 'rm -rf "$work" && : >"${TMPDIR:-/tmp}/ended"' EXIT
answer=$work/answer
TAB=$(printf '\t')

# kube METHOD PATH [TYPE]: prints the status, 000 where nobody answers; the answer is in $answer, what is sent in $work/sent. The
# network policies of a pod may begin a second after it, and an API server may restart: it is asked some times.
kube() {
  until=$(($(date +%s) + ${PATIENCE:-10}))
  while :; do
    said=$(kube_once "$@")
    case $said in 000 | 429 | 5??) ;; *) break ;; esac
    if [ "$(date +%s)" -ge "$until" ]; then break; fi
    sleep 1
  done
  printf '%s\n' "$said"
}

kube_once() {
  {
    printf 'header = "Authorization: Bearer %s"\n' "$(cat "$TOKEN")"
    [ $# -lt 3 ] || printf 'header = "Content-Type: %s"\ndata-binary = "@%s"\n' "$3" "$work/sent"
  } | curl --silent --max-time 30 ${API_CA:+--cacert "$API_CA"} --config - --request "$1" --output "$answer" \
    --write-out '%{http_code}' "$API$2" || true
}

# get PATH: what is there, as flatten.awk writes it, in $answer.
get() {
  case $1 in *\?*) mark='&' ;; *) mark='?' ;; esac
  status=$(kube GET "$1${mark}pretty=true")
  [ "$status" = 200 ] || return 1
  awk -f "$here/flatten.awk" "$answer" >"$work/flat"
  mv "$work/flat" "$answer"
}

# value PATH [DEFAULT]: what is at that path.
value() {
  found=$(awk -F "$TAB" -v path="$1" '$1 == path { print $2; exit }' "$answer")
  printf '%s\n' "${found:-${2:-}}"
}

# condition TYPE: reason and message of a condition of the object, if it is true.
condition() {
  at=$(awk -F "$TAB" -v type="$1" '$1 ~ /^status\.conditions\.[0-9]+\.type$/ && $2 == type { print substr($1, 1, length($1) - 5); exit }' "$answer")
  [ -n "$at" ] && [ "$(value "$at.status")" = True ] && printf '%s: %s\n' "$(value "$at.reason")" "$(value "$at.message")"
}

# details NAMESPACE: what of the pods in $work/left stands elsewhere: what they say where the kubelet asks them, which it keeps
# to itself, what it says of them, and secrets that have not come.
details() {
  head -n 3 "$work/asked" | while IFS=$TAB read -r pod url; do
    code=$(fetch 5 --insecure --url "$url" 2>/dev/null) || true
    case $code in 000 | 2??) ;; *) echo "  pod $pod: GET /${url#*://*/} answers $code: $(body)" ;; esac
  done
  if get "/api/v1/namespaces/$1/events?fieldSelector=involvedObject.kind=Pod,type=Warning"; then
    awk -v MOST=3 -f "$here/events.awk" "$work/left" "$answer"
  fi
  if get "/apis/external-secrets.io/v1/namespaces/$1/externalsecrets"; then
    awk -f "$here/causes.awk" "$answer" | sed 's/^  /  secret /' | head -n 3
  fi
}

# causes N NAMESPACE RESOURCE NAME SELECTOR: why the pods of an object are not ready, and what was said against making them. Pods
# that were taken away, as those of a job whose time is over, are told of as they were seen last.
causes() {
  if get "/api/v1/namespaces/$2/pods?labelSelector=$5"; then
    : >"$work/left"
    : >"$work/asked"
    awk -v MOST=6 -v LEFT="$work/left" -v ASKED="$work/asked" -f "$here/pods.awk" "$answer" >"$work/pods"
    if [ -s "$work/left" ]; then details "$2" >>"$work/pods"; fi
  else
    echo "  its pods can't be read ($status)" >"$work/pods"
  fi
  [ ! -s "$work/pods" ] || mv "$work/pods" "$work/pods.$1"
  [ ! -e "$work/pods.$1" ] || cat "$work/pods.$1"
  case $3 in deployments) object=Deployment ;; statefulsets) object=StatefulSet ;; *) object=Job ;; esac
  if get "/api/v1/namespaces/$2/events?fieldSelector=involvedObject.kind=$object,involvedObject.name=$4,type=Warning"; then
    awk -F "$TAB" '$1 ~ /\.message$/ && !said[$2]++ { print "  " substr($2, 1, 600) }' "$answer" | tail -n 2
  fi
}

# rollout N NAME NAMESPACE KIND OBJECT SELECTOR LEAST: all pods are of the newest version, and can serve; there are at least so
# many. It is given up where they can't start, or crash over and over (2).
rollout() {
  if ! get "/apis/apps/v1/namespaces/$3/$4/$5"; then
    echo "$4 $5 can't be read ($status)"
    return 1
  fi
  wanted=$(value spec.replicas 1)
  scaled=$wanted
  # It begins with one, and its autoscaler has not come to it.
  [ "$wanted" -ge "$7" ] || wanted=$7
  present=$(value status.replicas 0)
  newest=$(value status.updatedReplicas 0)
  available=$(value status.availableReplicas 0)
  seen=$(value status.observedGeneration 0)
  # A new one of which nothing is said yet is of a generation that was not seen.
  if [ "$seen" -ge "$(value metadata.generation 1)" ] && [ "$present" -eq "$wanted" ] &&
    [ "$newest" -eq "$wanted" ] && [ "$available" -eq "$wanted" ]; then return 0; fi
  old=$((present - newest))
  if [ "$old" -gt 0 ]; then
    # What is available is counted whatever its version.
    if [ "$available" -le "$old" ]; then whose=", perhaps only old ones"; else whose=; fi
    echo "of $wanted pods of $5 $newest are of the newest version, with $old old ones beside them; available: $available of these $present$whose"
  else
    echo "of $wanted pods of $5 $newest are of the newest version and $available available"
  fi
  [ "$scaled" -eq "$wanted" ] || echo "its autoscaler has asked for $scaled"
  condition ReplicaFailure || true
  causes "$1" "$3" "$4" "$5" "$6" >"$work/told"
  cat "$work/told"
  if hopeless "$1" '|CrashLoopBackOff'; then return 2; fi
  return 1
}

# job N NAME NAMESPACE KIND OBJECT SELECTOR [STATEFULSET SELECTOR, in one word]: it has done its work. One that failed won't any
# more (2). The pods of a StatefulSet that it waits for are looked at as well: they may be what it waits for in vain.
job() {
  if ! get "/apis/batch/v1/namespaces/$3/$4/$5"; then
    echo "$4 $5 can't be read ($status)"
    return 1
  fi
  if condition Complete >/dev/null; then return 0; fi
  if why=$(condition Failed); then
    echo "job $5 failed: $why"
    causes "$1" "$3" "$4" "$5" "$6"
    waited "$1" "$3" "$7"
    return 2
  fi
  waited "$1" "$3" "$7" >"$work/told"
  if hopeless "$1.waited" '|CrashLoopBackOff|Unschedulable'; then
    echo "what job $5 waits for can't start"
    cat "$work/told"
    stop "$5"
    return 2
  fi
  causes "$1" "$3" "$4" "$5" "$6" >>"$work/told"
  if hopeless "$1"; then
    echo "job $5 can't start"
    cat "$work/told"
    stop "$5"
    return 2
  fi
  echo "job $5 has not ended"
  cat "$work/told"
  return 1
}

# waited N NAMESPACE [STATEFULSET SELECTOR, in one word]: causes of the pods that a job waits for.
waited() {
  # shellcheck disable=SC2086 # two words, or none
  set -- "$1" "$2" $3
  [ $# -lt 4 ] || causes "$1.waited" "$2" statefulsets "$3" "$4"
}

# hopeless N [|REASON...]: for some minutes its pods have had no image, or a secret of theirs has not been there. Where more reasons
# are named, one that crashes passes through other states in between.
hopeless() {
  reasons=": (ErrImagePull|ImagePullBackOff|InvalidImageName|CreateContainerConfigError${2:-})(:|\$)"
  if [ -n "${2:-}" ] && [ -e "$work/since.$1" ]; then reasons="$reasons|: ended( before)? with "; fi
  if ! grep -qE "$reasons" "$work/told"; then
    rm -f "$work/since.$1"
    return 1
  fi
  [ -e "$work/since.$1" ] || date +%s >"$work/since.$1"
  [ "$(date +%s)" -ge "$(($(cat "$work/since.$1") + ${HOPE:-300}))" ]
}

# stop JOB: it has its end now, if it is one that goes with this one.
stop() {
  case " ${EXPIRES:-} " in *" $1 "*) ;; *) return 0 ;; esac
  printf '{"spec":{"activeDeadlineSeconds":1}}\n' >"$work/sent"
  kube PATCH "/apis/batch/v1/namespaces/$NAMESPACE/jobs/$1" application/merge-patch+json >/dev/null
}

# conditions N NAME PATH WANTED LISTS: the object has the conditions that it should have; where it has not, lists may say why.
conditions() {
  if ! get "$3"; then
    resource=${3%/*}
    echo "${resource##*/} ${3##*/} can't be read ($status)"
    return 1
  fi
  awk -v WANTED="$4" -f "$here/conditions.awk" "$answer" >"$work/conditions"
  [ -s "$work/conditions" ] || return 0
  sed '2,$s/^/  /' "$work/conditions"
  for list in $5; do
    if get "$list"; then awk -f "$here/causes.awk" "$answer" | head -n 4; fi
  done
  return 1
}

# tcp N NAME HOST PORT: something listens.
tcp() {
  if nc -z -w 5 "$3" "$4" 2>/dev/null; then return 0; fi
  echo "$3:$4 does not answer"
  return 1
}

# query N NAME: true is what the database answers from now on, to the container beside this one.
query() {
  answered=${TMPDIR:-/tmp}/query.$1
  rm -f "$answered"
  left=45
  until [ -e "$answered" ]; do
    if [ "$left" -eq 0 ]; then
      echo "nobody has asked the database"
      return 1
    fi
    sleep 1
    left=$((left - 1))
  done
  if [ "$(cat "$answered")" = t ]; then return 0; fi
  echo "the database answers: $(head -c 500 "$answered")"
  return 1
}

# With the name of this run where it is asked for: the same in every try.
filled() { sed "s/{run}/$JOB/g" "$1"; }

# On one line, whatever it is.
body() { head -c 500 "$work/body" 2>/dev/null | tr '\r\n\t' '   '; }

# fetch SECONDS OPTION...: prints the status of an answer, which is in $work/body: of one without an end the beginning.
fetch() {
  : >"$work/body"
  seconds=$1
  shift
  (
    ulimit -f 8192
    exec curl --silent --show-error --globoff --max-time "$seconds" --output "$work/body" --write-out '%{http_code}' "$@"
  )
}

# http N NAME METHOD URL STATUS: an answer as it is expected. What changes something is asked for until it was given once.
http() {
  if [ -e "$work/done.$1" ]; then return 0; fi
  eval "bearer=\${BEARER_$1:-}"
  {
    filled "$CHECKS/$1.curl"
    [ -z "$bearer" ] || printf 'header = "Authorization: Bearer %s"\n' "$bearer"
    if [ -e "$CHECKS/$1.body" ]; then
      filled "$CHECKS/$1.body" >"$work/sent"
      printf 'data-binary = "@%s"\n' "$work/sent"
    fi
  } >"$work/request"
  code=$(fetch 10 --config "$work/request" --request "$3" --url "$4" 2>"$work/error") || true
  if [ "$code" = 000 ]; then
    echo "$3 $4 has no answer: $(sed 's/^curl: //' "$work/error")"
    return 1
  fi
  if [ "$5" = any ]; then
    # The gateway's own page names no version, and is all that it says of what it has no route for.
    if [ "$code" -ge 500 ] || { [ "$code" = 404 ] && grep -q '<center>nginx</center>' "$work/body"; }; then
      echo "$3 $4 answers $code, and not by the service: $(body)"
      return 1
    fi
  elif [ "$code" != "$5" ]; then
    echo "$3 $4 answers $code, not $5: $(body)"
    return 1
  fi
  if [ -e "$CHECKS/$1.contains" ] && ! contains "$CHECKS/$1.contains"; then
    echo "$3 $4 answers without \"$(cat "$CHECKS/$1.contains")\": $(body)"
    return 1
  fi
  if [ -e "$CHECKS/$1.below" ]; then
    read -r field limit <"$CHECKS/$1.below"
    below "$field" "$limit" || {
      echo "$3 $4 has no \"$field\", or one that is not below $limit: $(body)"
      return 1
    }
  fi
  case $3 in GET | HEAD) ;; *) : >"$work/done.$1" ;; esac
}

# contains FILE: its text is in the answer, on one line or over several.
contains() {
  awk 'NR == FNR { text = text sep $0; sep = "\n"; next } { whole = whole sep2 $0; sep2 = "\n" } END { exit index(whole, text) == 0 }' \
    "$1" "$work/body"
}

# below FIELD LIMIT: every number of that name in the answer, and there is one.
below() {
  # shellcheck disable=SC2020 # each of them becomes a new line
  tr ',{}[]' '\n\n\n\n\n' <"$work/body" | sed -n "s/^[[:space:]]*\"$1\"[[:space:]]*:[[:space:]]*//p" |
    awk -v limit="$2" '!/^-?[0-9.]+[[:space:]]*$/ || $1 + 0 >= limit + 0 { bad = 1 } END { exit bad || NR == 0 }'
}

# As it stands between quotes in JSON.
quoted() {
  tr -d '\000-\010\013-\037\177' | head -c 8000 | sed 's/[\\"]/\\&/g; s/	/ /g' | awk '{ printf "%s%s", sep, $0; sep = "\\n" }'
}

report() {
  printf '{"data":{"of":"%s","verdict":"%s","report":"%s"}}\n' "$JOB" "$1" "$(quoted <"$2")" >"$work/sent"
  status=$(kube PATCH "/api/v1/namespaces/$NAMESPACE/configmaps/$REPORT" application/merge-patch+json)
  [ "$status" = 200 ] || echo "the ConfigMap $REPORT can't be written ($status)" >&2
  [ "$status" = 200 ]
}

# expire JOB: it is gone some time after its end, which Terraform has seen by then. Until then it has a mark that Terraform takes
# away: a plan reads the report when that is done, and is not stopped by it.
expire() {
  printf '{"metadata":{"annotations":{"verdict":"failed"}},"spec":{"ttlSecondsAfterFinished":%s}}\n' "${KEEP:-60}" >"$work/sent"
  status=$(kube PATCH "/apis/batch/v1/namespaces/$NAMESPACE/jobs/$1" application/merge-patch+json)
  case $status in 200 | 404) ;; *) echo "the job $1 can't be made to expire ($status)" >&2 ;; esac
  [ "$status" = 200 ] || [ "$status" = 404 ]
}

# look: each check until it succeeds, is given up, or its time is over. Waited for one, it is not over ($settled): what
# had succeeded before may have failed since.
look() {
  count=0
  failures=0
  settled=yes
  : >"$work/report"
  while IFS=$TAB read -r kind number name one two three four five; do
    count=$((count + 1))
    while :; do
      result=0
      "$kind" "$number" "$name" "$one" "$two" "$three" "$four" "$five" >"$work/why" </dev/null || result=$?
      # After its time everything is tried once, so that all that does not work is known at once.
      if [ "$result" -ne 1 ] || [ "$(date +%s)" -ge "$end" ]; then break; fi
      settled=no
      sleep "${POLL:-5}"
    done
    if [ "$result" -eq 0 ]; then
      echo "$name: ok"
    else
      failures=$((failures + 1))
      { printf '%s: ' "$name" && cat "$work/why"; } | tee -a "$work/report"
    fi
  done <"$CHECKS/list"
}

end=$(($(date +%s) + TIME))
while :; do
  look
  if [ "$settled" = yes ] || [ "$failures" -gt 0 ]; then break; fi
done

if [ "$failures" -eq 0 ]; then
  echo "$count of $count checks succeeded" >"$work/passed"
  report passed "$work/passed"
  exit
fi
{ echo "$failures of $count checks failed." && cat "$work/report"; } >"$work/failed"
report failed "$work/failed"
for one in ${EXPIRES:-} "$JOB"; do expire "$one"; done
