# Of an object, as flatten.awk writes it, which of the conditions that it should have it has not, or of another version of it: a
# line for each.
#   WANTED  words: where conditions are, * for each of a list, and their types, ! before one that must not be there:
#           status.conditions=Ready status.parents.*.conditions=Accepted,!PartiallyInvalid
BEGIN { FS = "\t" }

{ values[$1] = $2 }

match($1, /\.conditions\.[0-9]+\.type$/) {
  place = substr($1, 1, RSTART - 1)
  if (!(place in known)) {
    known[place]
    places[++found] = place
  }
  condition[place, $2] = substr($1, 1, length($1) - 5)
}

END {
  words = split(WANTED, word, " ")
  for (one = 1; one <= words; one++) {
    split(word[one], part, "=")
    count = split(part[2], types, ",")
    seen = 0
    for (each = 1; each <= found; each++) {
      where = places[each] ".conditions"
      gsub(/\.[0-9]+\./, ".*.", where)
      if (where != part[1]) continue
      seen++
      for (type = 1; type <= count; type++) look(places[each], types[type])
    }
    if (!seen) for (type = 1; type <= count; type++) look(part[1], types[type])
  }
}

function look(place, type,    wanted, at, generation) {
  wanted = sub(/^!/, "", type) ? "False" : "True"
  at = condition[place, type]
  if (at == "") {
    # What is not said is not so.
    if (wanted == "True") print whose(place) type " is not known yet"
    return
  }
  generation = values[at ".observedGeneration"]
  if (values[at ".status"] != wanted) {
    print whose(place) type " is " values[at ".status"] ": " values[at ".reason"] ": " values[at ".message"]
  } else if (generation != "" && generation + 0 < values["metadata.generation"] + 0) {
    print whose(place) type " is said of an older version"
  }
}

# Of a list, which of it: listener https.
function whose(place,    parts, level, name) {
  level = split(place, parts, ".")
  if (level < 3) return ""
  sub(/s$/, "", parts[2])
  if (parts[3] == "*") return parts[2] ": "
  name = values[place ".name"] values[place ".parentRef.name"] values[place ".ancestorRef.name"]
  return parts[2] " " (name == "" ? values[place ".controllerName"] : name) ": "
}
