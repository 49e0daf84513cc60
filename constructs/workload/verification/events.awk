# Of the pods that the first file names, then of events, as flatten.awk writes them, what the kubelet says of them: mounts,
# networks and probes stand nowhere else. The newest of each pod; a line for each cause, at most MOST.
BEGIN { FS = "\t" }

NR == FNR { left[$1]; next }

{
  split($1, path, ".")
  if (path[1] != "items") next
  values[path[2], substr($1, length(path[1] path[2]) + 3)] = $2
  if (path[2] + 1 > events) events = path[2] + 1
}

END {
  for (one = 0; one < events; one++) {
    pod = values[one, "involvedObject.name"]
    reason = values[one, "reason"]
    # These stand in the pod's status as well.
    if (!(pod in left) || reason ~ /^(BackOff|Failed|FailedScheduling)$/) continue
    when = values[one, "lastTimestamp"]
    if (pod in newest && when < newest[pod]) continue
    newest[pod] = when
    cause[pod] = reason ": " substr(values[one, "message"], 1, 600)
  }
  for (pod in cause) if (!heard[cause[pod]]++ && ++said <= MOST) print "  pod " pod ": " cause[pod]
}
