import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { ServerCertificate, serviceNames } from "../certificates";
import { Gateway, gatewayPeer, nginxOf, Routes } from "../gateway";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import { type AuthorityPush, authorityPush, type ExternalSecret, SECRET_STORE, type SecretSpec, WorkloadSecret } from "../secrets";
import { COLLECTOR_PORTS } from "./collector-config";
import { METRICS, WRITE_PATH } from "./prometheus";

/** What the receiver's objects are called. */
const NAME = "metrics-receiver";

/** The user as whom samples are sent. Its password is in Secrets Manager, where both clusters read it. */
export const METRICS_SENDER: SecretSpec = {
  name: "metrics-sender",
  purpose: "The user as whom a cluster sends its samples to the hub",
  keys: { password: { length: 32 } },
  fixed: { username: "sender" },
  rotation: { method: "engine-first", clients: "read-again", engine: "both sides read it again within a quarter of an hour" },
};

/** Under which name other clusters find who signed the receiver's certificate. */
export const RECEIVER_AUTHORITY = `${NAME}-authority`;

export interface MetricsReceiverProps {
  readonly cluster: KubernetesTarget;

  /** That of Prometheus. */
  readonly namespace: string;

  /** The name under which other clusters know it, in a zone of external-dns: `metrics.orders.internal`. */
  readonly host: string;

  /** Networks from which samples come. */
  readonly networks: readonly string[];

  /**
   * Whether traces and logs come in as well, by OTLP over HTTP, for the Service `collector`.
   * @default false
   */
  readonly telemetry?: boolean;

  /** Tags of the place in Secrets Manager where the authority is published. */
  readonly tags: AuthorityPush["tags"];

  /** What has to be there before: the namespace, cert-manager, external-secrets, NGINX Gateway Fabric. */
  readonly after: readonly ITerraformDependable[];
}

/**
 * The way in for samples of other clusters: a Gateway of its own that speaks TLS, asks for user and password, and passes on
 * nothing but writes. Prometheus itself asks nobody who he is.
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
        usersFile(namespace),
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
      after,
    });
    const names = new ServiceV1(this, "names", {
      metadata: {
        namespace,
        name: `${NAME}-names`,
        // external-dns makes records of the pods of a headless service.
        annotations: { "external-dns.alpha.kubernetes.io/hostname": host, "external-dns.alpha.kubernetes.io/ttl": "10" },
      },
      spec: {
        clusterIp: "None",
        selector: { ...gateway.deployment.labels },
        port: [{ name: "https", port: service.port, targetPort: String(service.port) }],
      },
      dependsOn: [...after],
    });
    // A second copy of a sample is none.
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
              backends: [{ service: "collector", port: COLLECTOR_PORTS.http }],
            }),
          ]
        : []),
    ];
    this.ready = [names, ...routes.map(({ release }) => release)];
  }
}

/** Its nginx, for those who let it in. */
export function receiverPeer(namespace: string) {
  return gatewayPeer(namespace, NAME);
}

const USERS = `${NAME}-users`;

/** The password as nginx compares it. It lies beside in clear anyway, and another hash at each reading would reload nginx. */
function usersFile(namespace: string): ExternalSecret {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name: USERS, namespace },
    spec: {
      refreshPolicy: "Periodic",
      refreshInterval: "15m",
      secretStoreRef: { kind: "ClusterSecretStore", name: SECRET_STORE },
      target: {
        name: USERS,
        creationPolicy: "Owner",
        deletionPolicy: "Retain",
        template: { type: "nginx.org/htpasswd", mergePolicy: "Replace", data: { auth: "{{ .username }}:{PLAIN}{{ .password }}" } },
      },
      dataFrom: [{ extract: { key: METRICS_SENDER.name } }],
    },
  };
}
