#!/bin/sh
# Writes the public roots and the certificates of all files named into a directory: as PEM, and as a truststore for Java.
# Part of a pod's specification, where Kubernetes and Terraform would read a dollar before a parenthesis or a brace.
set -eu
directory=$1
shift
for file in "$PUBLIC_ROOTS" "$@"; do
  grep -q -e '-----BEGIN CERTIFICATE-----' "$file" || {
    echo "no certificate in $file" >&2
    exit 1
  }
done
awk '{ sub(/\r$/, "") } /-----BEGIN CERTIFICATE-----/, /-----END CERTIFICATE-----/' "$PUBLIC_ROOTS" "$@" >"$directory/bundle.pem"

# JKS, version 2 (OpenJDK, JavaKeyStore): a header, an entry for each certificate, and a hash of the password and of them.
awk '
  function bytes(number, count) { return count ? bytes(int(number / 256), count - 1) sprintf("\\%03o", number % 256) : "" }
  /-----BEGIN/ { text = ""; next }
  /-----END/ {
    size = length(text) / 4 * 3 - (text ~ /=$/) - (text ~ /==$/)
    name = sprintf("%05d", ++count)
    entry = bytes(2, 4) bytes(5, 2) name bytes(0, 8) bytes(5, 2) "X.509" bytes(size, 4)
    entries = entries "printf \"" entry "\"; echo " text " | base64 -d\n"
    next
  }
  { text = text $0 }
  END { printf "printf \"%s\"\n%s", bytes(4277010157, 4) bytes(2, 4) bytes(count, 4), entries }
' "$directory/bundle.pem" | sh >"$directory/entries"
{
  printf '\000c\000h\000a\000n\000g\000e\000i\000tMighty Aphrodite'
  cat "$directory/entries"
} | sha1sum | awk '
  function digit(at) { return index("0123456789abcdef", substr($1, at, 1)) - 1 }
  { for (at = 1; at < 41; at += 2) hash = hash sprintf("\\%03o", digit(at) * 16 + digit(at + 1)); print "printf \"" hash "\"" }
' | sh | cat "$directory/entries" - >"$directory/truststore.jks"
rm "$directory/entries"
