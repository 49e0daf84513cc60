#!/bin/sh
# Keeps one open issue for each environment that differs from the program: opens it, updates it, and closes it when nothing differs.
set -eu
directory=$1
issues=repos/$GITHUB_REPOSITORY/issues
run=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID

for file in "$directory"/*.md; do
  # If no plan has a report, the pattern itself is left.
  [ -e "$file" ] || continue
  environment=$(basename "$file" .md)
  title="Drift in $environment"
  id=$(gh api --paginate "$issues?state=open&creator=github-actions%5Bbot%5D" --jq ".[] | select(.title == \"$title\") | .number" | head -n 1)
  if [ "$(cat "$directory/$environment.status")" = 0 ]; then
    [ -z "$id" ] || gh api --silent --method PATCH "$issues/$id" --field state=closed
    continue
  fi
  { printf 'The environment differs from the program, or could not be planned. [Log](%s)\n\n' "$run" && cat "$file"; } >"$file.body"
  if [ -n "$id" ]; then
    gh api --silent --method PATCH "$issues/$id" --field "body=@$file.body"
  else
    gh api --silent --method POST "$issues" --raw-field "title=$title" --field "body=@$file.body"
  fi
done
