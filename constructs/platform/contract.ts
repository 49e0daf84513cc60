/** What a namespace has to open for the part of the platform that lives in it, where everything is closed. */
export interface NetworkNeeds {
  /** Ports of its pods that the API server calls: webhooks and APIs that it passes on. */
  readonly webhookPorts: readonly number[];

  /** Ports of its pods that Prometheus reads. */
  readonly metricsPorts: readonly number[];

  /** Ports on which its own pods call each other. */
  readonly within: readonly number[];

  /** Ports that pods of other namespaces call. */
  readonly fromPods: readonly number[];

  /** Where its pods go, beside asking for names. */
  readonly egress: Egress;
}

export interface Egress {
  /** The API server: 443, and 6443 where it runs on nodes. */
  readonly api: boolean;

  /** Services of AWS, the identity of its pods among them, and the internet, on 443. */
  readonly https: boolean;

  /** Ports of pods in other namespaces. */
  readonly pods: readonly number[];
}

/** A part of a cluster's platform: the namespace it belongs into, and what that has to open. */
export interface Place {
  readonly namespace: string;

  /** @default - none: it lives in kube-system, which has no policies */
  readonly network?: NetworkNeeds;
}
