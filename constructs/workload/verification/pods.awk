# Of a list of pods, as flatten.awk writes it, why those that are not ready are not: a line for each cause, at most MOST. Their
# names are left in the file LEFT, and of those that run, where the kubelet asks them, in ASKED.
BEGIN { FS = "\t" }

{
  parts = split($1, path, ".")
  if (path[1] != "items") next
  pod = path[2]
  if (pod + 1 > pods) pods = pod + 1
  rest = substr($1, length(path[1] path[2]) + 3)
  values[pod, rest] = $2
  if (path[4] == "conditions" && path[6] == "type") condition[pod, $2] = rest
  if (path[4] == "readinessGates" && path[6] == "conditionType") gate[pod, ++gates[pod]] = $2
  if (path[3] == "spec" && path[4] == "containers" && path[7] == "httpGet" && path[8] == "path") probe[pod, path[6], ++probes[pod, path[6]]] = substr(rest, 1, length(rest) - 5)
  if (path[4] ~ /ontainerStatuses$/ && path[6] == "name") {
    containers[pod]++
    container[pod, containers[pod]] = substr(rest, 1, length(rest) - 5)
  }
}

END {
  for (pod = 0; pod < pods; pod++) {
    name = values[pod, "metadata.name"]
    if (values[pod, "status.phase"] == "Succeeded" || of(pod, "Ready", "status") == "True") continue
    if (values[pod, "metadata.deletionTimestamp"] != "") {
      going[++gone] = pod
      continue
    }
    print name >LEFT
    ask(pod)
    causes = 0
    if (values[pod, "status.reason"] != "") say(values[pod, "status.reason"], values[pod, "status.message"])
    if (of(pod, "PodScheduled", "status") == "False") say(of(pod, "PodScheduled", "reason"), of(pod, "PodScheduled", "message"))
    for (one = 1; one <= containers[pod]; one++) {
      at = container[pod, one]
      what = values[pod, at ".name"]
      waiting = values[pod, at ".state.waiting.reason"]
      # What every container passes through says nothing.
      if (waiting != "" && waiting != "PodInitializing" && waiting != "ContainerCreating")
        say(what ": " waiting, values[pod, at ".state.waiting.message"])
      ended(what, at ".state.terminated", "ended")
      ended(what, at ".lastState.terminated", "ended before")
      # A sidecar is ready as soon as it runs.
      if (!causes && at ~ /^status\.init/ && values[pod, at ".state.running.startedAt"] != "" && values[pod, at ".ready"] == "false")
        say(what ": has not ended", "")
    }
    # One that runs may wait for others to say that it may serve: for a load balancer that knows it.
    for (one = causes ? 1 + gates[pod] : 1; one <= gates[pod]; one++) {
      type = gate[pod, one]
      if (of(pod, type, "status") == "True") continue
      reason = of(pod, type, "reason")
      say(type ": " (reason == "" ? "nobody has said so" : reason), of(pod, type, "message"))
    }
    if (!causes) say("is " tolower(values[pod, "status.phase"]) " and not ready", "")
  }
  # One that goes says nothing against its successors, but may be what they wait for: on a node that is lost.
  if (!said) for (one = 1; one <= gone; one++) {
    name = values[going[one], "metadata.name"]
    say("has been going since " values[going[one], "metadata.deletionTimestamp"], "")
  }
}

# By each container's readiness probe, or by the one before that; a port by its name is nobody's here.
function ask(pod,    one, kind, at, port, scheme, address) {
  address = values[pod, "status.podIP"]
  if (address == "" || values[pod, "status.phase"] != "Running") return
  if (address ~ /:/) address = "[" address "]"
  kind = probes[pod, "readinessProbe"] ? "readinessProbe" : "startupProbe"
  for (one = 1; one <= probes[pod, kind]; one++) {
    at = probe[pod, kind, one]
    port = values[pod, at ".port"]
    scheme = values[pod, at ".scheme"] == "HTTPS" ? "https" : "http"
    if (port ~ /^[0-9]+$/) print values[pod, "metadata.name"] "\t" scheme "://" address ":" port values[pod, at ".path"] >ASKED
  }
}

function of(pod, type, field,    at) {
  at = condition[pod, type]
  return at == "" ? "" : values[pod, substr(at, 1, length(at) - 4) field]
}

function ended(what, at, how) {
  if (values[pod, at ".exitCode"] + 0 == 0) return
  say(what ": " how " with " values[pod, at ".exitCode"] " (" values[pod, at ".reason"] ")", values[pod, at ".message"])
}

function say(cause, message) {
  causes++
  # Pods of one template fail alike: what one has said is said.
  if (heard[cause, message]++ || ++said > MOST) return
  # The last of what a container said is nearest to the end.
  if (length(message) > 600) message = "..." substr(message, length(message) - 596)
  print "  pod " name ": " cause (message == "" ? "" : ": " message)
}
