# Of a list of pods, as flatten.awk writes it, why those that are not ready are not: a line for each cause, at most MOST.
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
  if (path[4] ~ /ontainerStatuses$/ && path[6] == "name") {
    containers[pod]++
    container[pod, containers[pod]] = substr(rest, 1, length(rest) - 5)
  }
}

END {
  for (pod = 0; pod < pods; pod++) {
    name = values[pod, "metadata.name"]
    if (values[pod, "status.phase"] == "Succeeded" || of(pod, "Ready", "status") == "True") continue
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
