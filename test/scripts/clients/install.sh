#!/usr/bin/env bash
# Installs the clients of each language into a directory of its own below the one that is named. Where that can't be done,
# its last words are in REASON.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

client() {
  case $1 in
    node) cp node/package.json node/package-lock.json node/clients.mjs "$2" && npm ci --prefix "$2" --no-audit --no-fund ;;
    python) python3 -m venv "$2/venv" && "$2/venv/bin/pip" install --quiet --requirement python/requirements.txt ;;
    go) (cd go && go build -o "$2/clients" .) ;;
    java)
      mvn -q -B -f java/pom.xml dependency:copy-dependencies -DoutputDirectory="$2/lib" &&
        javac -cp "$2/lib/*" -d "$2" java/Clients.java
      ;;
  esac
}

for language in node python go java; do
  to=$1/$language
  mkdir -p "$to"
  { client "$language" "$to" >"$to/log" 2>&1 || tail -n 1 "$to/log" >"$to/REASON"; } &
done
wait
