/** Traffic that a namespace must allow for its part of the platform; everything else is denied. */
export interface NetworkNeeds {
  /** Ports of its pods that the API server calls: webhooks and aggregated APIs. */
  readonly webhookPorts: readonly number[];

  /** Ports of its pods that Prometheus scrapes. */
  readonly metricsPorts: readonly number[];

  /** Ports for traffic between its own pods. */
  readonly within: readonly number[];

  /** Ports for ingress from pods of other namespaces. */
  readonly fromPods: readonly number[];

  /** Egress of its pods, in addition to DNS. */
  readonly egress: Egress;
}

/** Egress of a component's pods. */
export interface Egress {
  /** The API server: port 443, and 6443 if it runs on nodes. */
  readonly api: boolean;

  /** AWS services, including the identity of its pods, and the internet, on port 443. */
  readonly https: boolean;

  /** Ports of pods in other namespaces. */
  readonly pods: readonly number[];
}

/** Namespace and network needs of a part of a cluster's platform. */
export interface Place {
  readonly namespace: string;

  /** @default - none: it is in kube-system, which has no policies */
  readonly network?: NetworkNeeds;
}
