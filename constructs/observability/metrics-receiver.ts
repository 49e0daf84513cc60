import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { ServerCertificate, serviceNames } from "../certificates";
import { Gateway, gatewayPeer, nginxOf, Routes } from "../gateway";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import { type AuthorityPush, authorityPush, fromStore, type SecretSpec, WorkloadSecret } from "../secrets";
import { GATEWAY } from "./collector";
import { COLLECTOR_PORTS } from "./collector-config";
import { METRICS, WRITE_PATH } from "./prometheus";

/** Name of the receiver's objects. */
const NAME = "metrics-receiver";

/** The user of other clusters. Both clusters read its password from Secrets Manager. */
export const METRICS_SENDER: SecretSpec = {
  name: "metrics-sender",
  purpose: "The user as whom a cluster sends its samples to the hub",
  keys: { password: { length: 32 } },
  fixed: { username: "sender" },
  rotation: { method: "engine-first", clients: "read-again", engine: "both sides read it again within a quarter of an hour" },
};

/** Name under which the CA of the receiver's certificate is published in Secrets Manager. */
export const RECEIVER_AUTHORITY = `${NAME}-authority`;

export interface MetricsReceiverProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of Prometheus. */
  readonly namespace: string;

  /** Host name for other clusters, in a zone of external-dns: `metrics.orders.internal`. */
  readonly host: string;

  /** Networks of the other clusters. */
  readonly networks: readonly string[];

  /**
   * Accepts also traces and logs (OTLP over HTTP) for the Service `collector`.
   * @default false
   */
  readonly telemetry?: boolean;

  /** Tags of the secret in Secrets Manager that publishes the CA. */
  readonly tags: AuthorityPush["tags"];

  /**
   * PriorityClass of its nginx.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources that must exist first: the namespace, cert-manager, external-secrets, NGINX Gateway Fabric. */
  readonly after: readonly ITerraformDependable[];
}

/**
 * Ingress for the samples of other clusters: a Gateway with TLS and basic authentication that routes only the remote-write path, because
 * Prometheus itself has no authentication.
 */
export class MetricsReceiver extends Construct {
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: MetricsReceiverProps) {
    super(scope, id);
    const { cluster, namespace, host, networks, tags, telemetry = false } = props;
    const service = nginxOf({ name: NAME, certificate: NAME });
    const certificate = new ServerCertificate(this, "certificate", {
      cluster,
      namespace,
      name: NAME,
      dnsNames: [host, ...serviceNames(service.name, namespace)],
      after: props.after,
    });
    const sender = new WorkloadSecret(this, "sender", { cluster, namespace, spec: METRICS_SENDER, after: props.after });
    const secrets = new CustomResources(this, "secrets", {
      cluster,
      namespace,
      name: NAME,
      objects: [
        fromStore({ name: METRICS_SENDER.name, as: USERS, template: HTPASSWD }, namespace),
        authorityPush({ namespace, secretName: certificate.secretName, remoteName: RECEIVER_AUTHORITY, tags }),
      ],
      after: [...props.after, certificate.release, sender.release],
    });
    const after = [...props.after, secrets.release];
    const gateway = new Gateway(this, "gateway", {
      cluster,
      namespace,
      name: NAME,
      certificate: certificate.secretName,
      servicePorts: [METRICS.prometheus.port, ...(telemetry ? [COLLECTOR_PORTS.http] : [])],
      clients: networks.map((cidr) => ({ cidr })),
      metricsFrom: namespace,
      ...(props.priority ? { priority: props.priority } : {}),
      after,
    });
    const names = new ServiceV1(this, "names", {
      metadata: {
        namespace,
        name: `${NAME}-names`,
        // external-dns creates a record for each pod of a headless Service.
        annotations: { "external-dns.alpha.kubernetes.io/hostname": host, "external-dns.alpha.kubernetes.io/ttl": "10" },
      },
      spec: {
        clusterIp: "None",
        selector: { ...gateway.deployment.labels },
        port: [{ name: "https", port: service.port, targetPort: String(service.port) }],
      },
      dependsOn: [...after],
    });
    // Retries are safe: Prometheus ignores samples that it already has.
    const common = { cluster, gateway, hostnames: [host], users: USERS, retries: "once", maxBodySize: "16Mi" } as const;
    const routes = [
      new Routes(this, "routes", {
        ...common,
        name: NAME,
        paths: [WRITE_PATH],
        backends: [{ service: METRICS.prometheus.service, port: METRICS.prometheus.port }],
      }),
      ...(telemetry
        ? [
            new Routes(this, "telemetry-routes", {
              ...common,
              name: "telemetry-receiver",
              paths: ["/v1/traces", "/v1/logs"],
              backends: [{ service: GATEWAY, port: COLLECTOR_PORTS.http }],
            }),
          ]
        : []),
    ];
    this.ready = [names, ...routes.map(({ release }) => release)];
  }
}

/** Pods of its nginx, for ingress policies. */
export function receiverPeer(namespace: string) {
  return gatewayPeer(namespace, NAME);
}

const USERS = `${NAME}-users`;

/** The htpasswd file. The password is in plaintext, as in the Secret itself: a new salt at each refresh would reload nginx. */
const HTPASSWD = { type: "nginx.org/htpasswd", mergePolicy: "Replace", data: { auth: "{{ .username }}:{PLAIN}{{ .password }}" } } as const;
