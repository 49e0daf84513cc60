/** A check that objects fail, and why that is right. */
export interface Explained {
  readonly tool: "checkov" | "kube-score";

  /** The check's id. */
  readonly check: string;

  /**
   * The objects, as `Kind/namespace/name`.
   * @default - all
   */
  readonly of?: RegExp;

  readonly reason: string;
}

/** Workers of the examples that have no health endpoint. */
const WORKERS = /^(Deployment|StatefulSet)\/(test-)?(commands|queries)\/(commands|bulk-commands|policies|projector-a)$/;

/** What is left of what the tools find. One that no object needs any more is an error. */
export const EXPLAINED: readonly Explained[] = [
  {
    tool: "kube-score",
    check: "networkpolicy-targets-pod",
    reason: "the pods of charts and operators are in no file; every policy has pods on the cluster",
  },
  {
    tool: "kube-score",
    check: "container-resources",
    reason: "a limit of CPU only slows down where a node has some to spare, and requests share it fairly; memory has limits",
  },
  { tool: "checkov", check: "CKV_K8S_11", reason: "as above: memory has limits, CPU requests only" },
  {
    tool: "kube-score",
    check: "container-image-pull-policy",
    reason: "what a version or digest names never changes: tags that do are refused",
  },
  { tool: "checkov", check: "CKV_K8S_15", reason: "as above: tags that change are refused" },
  {
    tool: "checkov",
    check: "CKV_K8S_43",
    of: /^(Deployment|StatefulSet|Job|CronJob)\/(?!observability\/)/,
    reason: "whoever releases decides whether by version or by digest",
  },
  {
    tool: "kube-score",
    check: "container-ephemeral-storage-request-and-limit",
    reason: "roots are read-only, and each directory that is written has a limit of its own",
  },
  {
    tool: "kube-score",
    check: "container-security-context-user-group-id",
    reason: "images of others run as the user that they were made for, never as root",
  },
  { tool: "checkov", check: "CKV_K8S_40", reason: "as above: the user that the image was made for" },
  {
    tool: "checkov",
    check: "CKV_K8S_35",
    reason: "variables are what every image understands; what reads a secret anew reads it from a file",
  },
  {
    tool: "kube-score",
    check: "pod-probes-identical",
    of: /^Deployment\/(.+-)?(api|messaging)\/(reactive-domain|messaging)-api$/,
    reason: "their owners ask one path for both; liveness fails six times before it restarts, readiness takes requests away after three",
  },
  {
    tool: "kube-score",
    check: "pod-probes",
    of: WORKERS,
    reason: "nothing sends it requests: its Service only names its pods",
  },
  { tool: "checkov", check: "CKV_K8S_8", of: WORKERS, reason: "as above: it is healthy while it runs" },
  { tool: "checkov", check: "CKV_K8S_9", of: WORKERS, reason: "as above: nothing sends it requests" },
  {
    tool: "kube-score",
    check: "service-targets-pod",
    of: /^Service\/observability\/metrics-receiver-names$/,
    reason: "its pods are those of a Gateway, which NGINX Gateway Fabric makes",
  },
  {
    tool: "checkov",
    check: "CKV_K8S_9",
    of: /^Deployment\/.+\/.*-progress$/,
    reason: "nothing connects to the container that measures; the one that serves has a probe",
  },
  {
    tool: "checkov",
    check: "CKV_K8S_38",
    of: /^(Job\/.+\/event-store-rollout-[0-9a-f]{8}|CronJob\/.+\/((nats|queue)-(passwords|revoke)|event-store-snapshots|(postgres|read-models|event-store-volume)-drill))$/,
    reason: "its job asks the API server, with a role for just that",
  },
];
