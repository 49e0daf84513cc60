# Of JSON as the Kubernetes API indents it, each value on a line of its own: its path, a tab, the value as plain text.
# items.0.metadata.name	command-api-7d9f
{
  match($0, /^ */)
  depth = RLENGTH / 2
  line = substr($0, RLENGTH + 1)
  sub(/,$/, "", line)
  if (line ~ /^[]}]/) next
  if (match(line, /^"([^"\\]|\\.)*": /)) {
    key = substr(line, 2, RLENGTH - 4)
    value = substr(line, RLENGTH + 1)
  } else {
    key = seen[depth]++
    value = line
  }
  keys[depth] = key
  if (value == "{" || value == "[") {
    seen[depth + 1] = 0
    next
  }
  if (value == "{}" || value == "[]") next
  path = keys[1]
  for (level = 2; level <= depth; level++) path = path "." keys[level]
  print path "\t" plain(value)
}

function plain(text) {
  if (text !~ /^"/) return text
  text = substr(text, 2, length(text) - 2)
  gsub(/\\[nrt]/, " ", text)
  gsub(/\\u003c/, "<", text)
  gsub(/\\u003e/, ">", text)
  gsub(/\\u0026/, "\\&", text)
  gsub(/\\"/, "\"", text)
  gsub(/\\\\/, "\\", text)
  return text
}
