#!/bin/sh
# Starts the server as it is named, where it may open enough files: it keeps every chunk and index file open.
set -eu

# shellcheck disable=SC3045 # the shells of the server's images, dash and busybox, know hard and soft limits
most=$(ulimit -H -n)
if [ "$most" != unlimited ] && [ "$most" -lt "${LEAST_FILES:-30000}" ]; then
  printf 'only %s files may be open, and the server needs %s: raise the limit of the container runtime\n' \
    "$most" "${LEAST_FILES:-30000}" >&2
  exit 1
fi
# shellcheck disable=SC3045
ulimit -S -n "$most"
exec "$@"
