# shellcheck shell=sh
# How the other scripts speak with the nodes of a cluster.
#   NODES    addresses of all nodes in the order of their pods: https://event-store-0.…:2113 https://event-store-1.…:2113
#   SEED     instead of NODES: an address that any node answers to, and tells there who leads
#   CA       certificates by which nodes are known; none where they speak in clear
#   POLL     seconds between two looks (5)
#   PATIENCE seconds for what takes moments, such as an election (120)
#   CONNECT  seconds in which a node may refuse the first connection (15)

: "${NODES:-${SEED:?}}"
CA=${CA:-}
POLL=${POLL:-5}
PATIENCE=${PATIENCE:-120}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
answer=$work/answer

say() { printf '%s\n' "$*"; }

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Text as it stands between quotes in JSON, and in a configuration of curl.
quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

# as USER PASSWORD METHOD URL [BODY]: prints the status, 000 where nobody answers; the answer is in $answer. Credentials and
# body go through a pipe: a process's arguments are seen by everybody. An order without a body has no type of content either: the
# server refuses it otherwise (415).
as() {
  {
    printf 'user = "%s:%s"\n' "$(quoted "$1")" "$(quoted "$2")"
    [ $# -lt 5 ] || printf 'header = "Content-Type: application/json"\ndata = "%s"\n' "$(quoted "$5")"
  } | curl --silent --max-time 30 ${CA:+--cacert "$CA"} --config - --request "$3" --header 'Accept: application/json' \
    --output "$answer" --write-out '%{http_code}' "$4" || true
}

# field NAME: the first text or number of that name in the JSON on the standard input.
field() {
  # shellcheck disable=SC2020 # each of the three becomes a new line
  tr ',{}' '\n\n\n' | sed -n "s/^ *\"$1\" *: *\"\{0,1\}\([^\"]*\)\"\{0,1\} *\$/\1/p" | head -n 1
}

# state URL: leader, follower, what else a node says that it is, or nothing.
state() {
  curl --silent --show-error --max-time 10 ${CA:+--cacert "$CA"} --header 'Accept: application/json' "$1/info" \
    2>"$work/refusal" | field state
}

# says URL: the state of a node in words. A node that can't be reached may well serve others.
says() {
  word=$(state "$1")
  if [ -n "$word" ]; then
    printf 'says that it is %s\n' "$word"
  else
    printf "can't be reached from here (%s)\n" "$(tr '\n' ' ' <"$work/refusal" | sed 's/^curl: //; s/ *$//')"
  fi
}

# A node that takes part: it has every acknowledged event, or is about to.
serves() { [ "$1" = leader ] || [ "$1" = follower ]; }

count() { printf '%s\n' $#; }

# told SEED: the address of the node that leads, as the others know it by their gossip, or nothing.
told() {
  # shellcheck disable=SC2020 # each of the two becomes a new line
  member=$(curl --silent --max-time 10 ${CA:+--cacert "$CA"} --header 'Accept: application/json' "$1/gossip" |
    tr -d '\r\n' | tr '{}' '\n\n' | grep '"state" *: *"Leader"' | grep '"isAlive" *: *true' | head -n 1)
  host=$(printf '%s' "$member" | field httpEndPointIp)
  port=$(printf '%s' "$member" | field httpEndPointPort)
  [ -z "$host" ] || printf '%s://%s:%s\n' "${1%%://*}" "$host" "$port"
}

# leader: the address of the node that leads, or nothing.
leader() {
  if [ -n "${SEED:-}" ]; then
    told "$SEED"
    return
  fi
  for node in $NODES; do
    if [ "$(state "$node")" = leader ]; then
      printf '%s\n' "$node"
      return
    fi
  done
}

# accepts URL: a connection is made, whatever is answered. 6 and 7: the name or the port is not known (curl, exit codes).
accepts() {
  code=0
  curl --silent --max-time 10 --output /dev/null --insecure "$1/info" || code=$?
  [ "$code" -ne 6 ] && [ "$code" -ne 7 ]
}

# await SECONDS COMMAND...: until the command succeeds; fails when the time is over.
await() {
  left=$1
  shift
  until "$@"; do
    [ "$left" -gt 0 ] || return 1
    sleep "$POLL"
    left=$((left - (POLL > 0 ? POLL : 1)))
  done
}

is_follower() { [ "$(state "$1")" = follower ]; }

# follows URL: it follows, and another one leads.
follows() { is_follower "$1" && [ -n "$(leader)" ]; }

# resign URL: has the leader leave to another node.
resign() {
  say "$1 resigns"
  status=$(as ops "$OPS_PASSWORD" POST "$1/admin/node/resign")
  [ "$status" = 200 ] || die "$1 did not take the order to resign ($status)"
  await "$PATIENCE" follows "$1" || die "$1 does not follow another leader"
}

# Network policies let a new pod through a moment after it has begun, each node for itself: a node that refuses the first
# connection is not down yet. One that goes on refusing is for the scripts to judge.
for node in ${NODES:-$SEED}; do await "${CONNECT:-15}" accepts "$node" || true; done
