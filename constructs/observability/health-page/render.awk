# Writes a whole answer to a request, with its headers, from the answers of Prometheus (phase `answers`) and the page (phase `page`).
# In the environment: FORMAT (json or html), REASON (why nothing is known; empty: something is), TITLE, PARTS (those that have to be
# there, by blanks), MAX_AGE (seconds after which a value is no longer current), SCRIPT_HASH (of the page's script). TZ is UTC.

BEGIN {
  FS = "\t"
  now = systime()
  format = ENVIRON["FORMAT"]
  reason = ENVIRON["REASON"]
  max_age = ENVIRON["MAX_AGE"] + 0
  parts = split(ENVIRON["PARTS"], part, " ")
  part[0] = "system"
  split("unhealthy degraded healthy", state_of, " ")
  label["write_side"] = "Write side"
  label["read_side"] = "Read side"
  label["event_store"] = "Event store"
  label["projections"] = "Projections"
  label["system"] = "The system"
  mark["healthy"] = "&#10003;"
  mark["degraded"] = "!"
  mark["unhealthy"] = "&#10005;"
  mark["unknown"] = "?"
}

phase == "answers" {
  if ($1 == "behind" || $1 == "position" || $1 == "advanced") {
    if (!($2 in known)) { known[$2] = 1; projection[++projections] = $2 }
  }
  given[$1, $2] = $3
  next
}

format == "json" { next }

# The first line of the page.
!judged { judge(); head() }

/^<!-- [a-z]+ -->$/ { block($0); next }

{ print put(put($0, "@TITLE@", html(ENVIRON["TITLE"])), "@STATUS@", word(status)) }

END {
  if (format != "json") exit
  judge()
  head()
  printf "{\"status\": \"%s\", \"reason\": %s, \"parts\": {", status, reason == "" ? "null" : json(reason)
  for (i = 1; i <= parts; i++) printf "%s%s: \"%s\"", comma(i), json(part[i]), state[part[i]]
  printf "}, \"lastProcessedEvent\": "
  if (last == "") printf "null"
  else printf "{\"projection\": %s, \"position\": %s, \"at\": \"%s\"}", json(last), given["position", last], iso(given["advanced", last])
  printf ", \"behind\": %s, \"projections\": {", behind == "" ? "null" : behind
  for (i = 1; i <= projections; i++) {
    one = projection[i]
    processed = given["advanced", one] + 0 == 0 ? "null" : "\"" iso(given["advanced", one]) "\""
    printf "%s%s: {\"behind\": %s, \"position\": %s, \"at\": %s}", comma(i), json(one), or_null(given["behind", one]), \
      or_null(given["position", one]), processed
  }
  printf "}, \"ageSeconds\": %s, \"at\": \"%s\"}\n", oldest == "" ? "null" : int(oldest), iso(now)
}

# A state is known if it is one of three and its value is current. The system is as the rules say it is; but if a part is unknown, so
# is the system, unless it is unhealthy.
function judge(    i, one, value, age) {
  judged = 1
  for (i = 0; i <= parts; i++) {
    one = part[i]
    value = given["health", one]
    age = given["age", one]
    state[one] = "unknown"
    if (reason != "") continue
    if (value !~ /^[012]$/ || age == "") why[one] = "no data"
    else {
      if (oldest == "" || age + 0 > oldest) oldest = age + 0
      if (age + 0 > max_age) why[one] = "last data is from " ago(age)
      else state[one] = state_of[value + 1]
    }
  }
  status = state["system"]
  for (i = 0; i <= parts; i++) {
    one = part[i]
    if (state[one] != "unknown") continue
    if (status != "unhealthy") status = "unknown"
    if (why[one] != "") missing = missing (missing == "" ? "" : "; ") (one in label ? label[one] : one) ": " why[one]
  }
  if (reason == "") reason = missing
  for (i = 1; i <= projections; i++) {
    one = projection[i]
    if (given["behind", one] == "") uncounted = 1
    else if (behind == "" || given["behind", one] + 0 > behind + 0) behind = given["behind", one]
    if (given["advanced", one] > 0 && given["position", one] >= 0 && (last == "" || given["advanced", one] + 0 > given["advanced", last] + 0))
      last = one
  }
  if (uncounted) behind = ""
}

function head() {
  if (format == "json") {
    if (status != "healthy" && status != "degraded") printf "Status: 503 Service Unavailable\r\n"
    printf "Content-Type: application/json\r\n"
  } else {
    printf "Content-Type: text/html; charset=utf-8\r\n"
    printf "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; script-src '%s'\r\n", ENVIRON["SCRIPT_HASH"]
  }
  printf "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
}

function block(line,    i, one) {
  if (line ~ /summary/) {
    printf "<p class=\"status %s\"><span class=\"mark\" aria-hidden=\"true\">%s</span> %s</p>\n", status, mark[status], word(status)
    if (reason != "") printf "<p class=\"reason\">%s.</p>\n", html(reason)
    if (behind != "") printf "<p>Projections: up to %s %s behind.</p>\n", thousands(behind), behind == 1 ? "event" : "events"
    if (last != "") printf "<p>Last processed event: %s, %s.</p>\n", thousands(given["position", last]), moment(given["advanced", last])
  } else if (line ~ /parts/) {
    for (i = 1; i <= parts; i++) {
      one = part[i]
      printf "<li class=\"%s\"><span class=\"mark\" aria-hidden=\"true\">%s</span> <span class=\"name\">%s</span> <span class=\"word\">%s%s</span></li>\n", \
        state[one], mark[state[one]], html(one in label ? label[one] : one), word(state[one]), why[one] == "" ? "" : ": " why[one]
    }
  } else if (line ~ /projections/) {
    for (i = 1; i <= projections; i++) {
      one = projection[i]
      printf "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td></tr>\n", html(one), \
        given["behind", one] == "" ? "unknown" : thousands(given["behind", one]), \
        given["position", one] == "" ? "unknown" : given["position", one] < 0 ? "none" : thousands(given["position", one]), \
        given["advanced", one] + 0 == 0 ? "never" : moment(given["advanced", one])
    }
    if (!projections) print "<tr><td colspan=\"4\">No projection reports its progress.</td></tr>"
  } else if (line ~ /age/) {
    printf "<p>%s Page written %s.</p>\n", oldest == "" ? "No data." : "Data is " seconds_of(oldest) " old.", moment(now)
  } else print line
}

function moment(t) { return "<time datetime=\"" iso(t) "\">" strftime("%Y-%m-%d %H:%M:%S UTC", int(t)) "</time>" (now - t > 5 ? " (" ago(now - t) ")" : "") }
function iso(t) { return strftime("%Y-%m-%dT%H:%M:%SZ", int(t)) }
function ago(s) { return seconds_of(s) " ago" }
function seconds_of(s) { return s < 120 ? int(s) " s" : s < 7200 ? int(s / 60) " min" : s < 172800 ? int(s / 3600) " h" : int(s / 86400) " d" }
function word(s) { return toupper(substr(s, 1, 1)) substr(s, 2) }
function comma(i) { return i == 1 ? "" : ", " }
function or_null(number) { return number == "" ? "null" : number }

function thousands(number,    out) {
  if (number !~ /^[0-9]+$/) return number
  for (out = ""; length(number) > 3; number = substr(number, 1, length(number) - 3)) out = "," substr(number, length(number) - 2) out
  return number out
}

# Without patterns: & and \ have a meaning in a replacement.
function put(text, place, value,    i) {
  return (i = index(text, place)) ? substr(text, 1, i - 1) value put(substr(text, i + length(place)), place, value) : text
}

function html(text) {
  return put(put(put(put(text, "&", "&amp;"), "<", "&lt;"), ">", "&gt;"), "\"", "&quot;")
}

function json(text) { return "\"" put(put(text, "\\", "\\\\"), "\"", "\\\"") "\"" }
