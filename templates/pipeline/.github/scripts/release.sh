#!/bin/sh
# Changes the release file of an environment and pushes it, for the apply that follows: a version, a switch, or a rollback.
set -eu
: "${ENVIRONMENT:?}" "${CHANGE:?}"
case $CHANGE in
  image) set -- "${TARGET:?names no workload}" --image "${IMAGE:?names no image}" ;;
  "slot blue" | "slot green") set -- "${TARGET:?names no workload}" --slot "${CHANGE#slot }" --image "${IMAGE:?names no image}" ;;
  switch | rollback) set -- ${TARGET:+"$TARGET"} "--$CHANGE" ;;
  *)
    echo "CHANGE: \"$CHANGE\" must be image, slot blue, slot green, switch or rollback" >&2
    exit 1
    ;;
esac
# A switch and a rollback change no data, and must not wait.
case $CHANGE in
  image | slot*) [ "${BACKUP:-false}" != true ] || npm run backup -- "$ENVIRONMENT" ;;
esac
npm run release -- "$ENVIRONMENT" "$@"
# Stores with point-in-time recovery can be restored to this time, if a migration damages data.
point="Restore point before this release: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
echo "$point"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || echo "$point" >>"$GITHUB_STEP_SUMMARY"

file=environments/$ENVIRONMENT.release.json
if git diff --quiet -- "$file"; then
  echo "$file is unchanged: the apply repeats what is released"
  exit 0
fi
git config user.name "github-actions[bot]"
git config user.email "41898282+github-actions[bot]@users.noreply.github.com"
git commit --quiet --message "Release to $ENVIRONMENT: $*" -- "$file"
git push origin "HEAD:$GITHUB_REF_NAME"
