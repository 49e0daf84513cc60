# Reads the answer of Prometheus to an instant query, one token of JSON a line. Writes a line for each series: what it answers, the
# part or projection, the value, separated by tabs. Ends with 1 if it is anything else.

{ token[NR] = $0 }

END {
  at = 1
  value("", 0)
  if (failed || at != NR + 1 || scalar["/status"] != "success" || scalar["/data/resultType"] != "vector") exit 1
  for (i = 0; i < length_of["/data/result"]; i++) {
    path = "/data/result/" i
    key = scalar[path "/metric/part"] scalar[path "/metric/projection"]
    number = scalar[path "/value/1"]
    if (number ~ /^-?[0-9]+(\.[0-9]+)?$/) printf "%s\t%s\t%s\n", scalar[path "/metric/answer"], key, number
  }
}

# Scalars by their paths: /data/result/0/value/1.
function value(path, depth,    first, key, next_one, n) {
  first = substr(token[at], 1, 1)
  if (at > NR || depth > 20) { failed = 1; return }
  if (first == "{" || first == "[") {
    at++
    if (token[at] == (first == "{" ? "}" : "]")) { at++; return }
    for (n = 0; !failed; n++) {
      key = n
      if (first == "{") {
        if (substr(token[at], 1, 1) != "\"" || token[at + 1] != ":") { failed = 1; return }
        key = decoded(token[at])
        at += 2
      } else length_of[path] = n + 1
      value(path "/" key, depth + 1)
      next_one = token[at++]
      if (next_one == (first == "{" ? "}" : "]")) return
      if (next_one != ",") failed = 1
    }
    return
  }
  if (first != "\"" && token[at] !~ /^(-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null)$/) { failed = 1; return }
  scalar[path] = first == "\"" ? decoded(token[at]) : token[at]
  at++
}

# What a string says. Control characters are spaces here; so tabs and ends of lines separate, and nothing else.
function decoded(text,    out, c, code, i) {
  if (text !~ /^".*"$/ || length(text) < 2) { failed = 1; return "" }
  text = substr(text, 2, length(text) - 2)
  gsub(/[\001-\037]/, " ", text)
  for (out = ""; (i = index(text, "\\")) > 0; ) {
    out = out substr(text, 1, i - 1)
    c = substr(text, i + 1, 1)
    text = substr(text, i + 2)
    if (c == "u") {
      code = hex(substr(text, 1, 4))
      text = substr(text, 5)
      c = code < 32 ? " " : code < 128 ? sprintf("%c", code) : "?"
    } else if (index("bfnrt", c)) c = " "
    out = out c
  }
  return out text
}

function hex(digits,    i, n) {
  for (i = 1; i <= length(digits); i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
  return n
}
