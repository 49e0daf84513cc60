# Of a list of objects, as flatten.awk writes it, what those say that are not done: a line for each.
BEGIN { FS = "\t" }

{
  split($1, path, ".")
  if (path[1] != "items") next
  item = path[2]
  values[$1] = $2
  if (item + 1 > items) items = item + 1
  if ($1 ~ /\.status\.conditions\.[0-9]+\.status$/ && $2 == "False") not[item] = substr($1, 1, length($1) - 7)
}

END {
  for (item = 0; item < items; item++) {
    said = values["items." item ".status.reason"]
    if (said == "" && item in not) said = values[not[item] ".message"]
    if (said != "") print "  " values["items." item ".metadata.name"] ": " substr(said, 1, 600)
  }
}
