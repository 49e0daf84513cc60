#!/bin/sh
# Writes each plan in a directory as a comment on a pull request. A comment of an earlier run is updated, not repeated.
set -eu
directory=$1 number=$2
comments=repos/$GITHUB_REPOSITORY/issues/$number/comments

for file in "$directory"/*.md; do
  # If no plan has a report, the pattern itself is left.
  [ -e "$file" ] || continue
  environment=$(basename "$file" .md)
  marker="<!-- plan of $environment -->"
  { echo "$marker" && cat "$file"; } >"$file.body"
  id=$(gh api --paginate "$comments" --jq ".[] | select((.user.login == \"github-actions[bot]\") and (.body | startswith(\"$marker\"))) | .id" | head -n 1)
  if [ -n "$id" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --field "body=@$file.body"
  else
    gh api --silent --method POST "$comments" --field "body=@$file.body"
  fi
done
