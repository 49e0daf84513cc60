import { createHash } from "node:crypto";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { type Duration, known, seconds } from "../core/quantities";
import {
  type ApiObject,
  CustomResources,
  disruptionBudget,
  type KubernetesTarget,
  type Peer,
  PodTraffic,
  type TrafficRule,
} from "../kubernetes";
import { gatewayPods, PLACES } from "../platform";
import { clientAuthorityProblems } from "./client-authority";
import { GATEWAY_LABEL, gatewayPeer, type LoadBalancerInFront, nginxOf, READINESS } from "./contract";

export interface GatewayProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of the Gateway and of the services behind it. */
  readonly namespace: string;

  /** @default "gateway" */
  readonly name?: string;

  /**
   * The Secret of its certificate, with `tls.crt` and `tls.key`. Until it exists, nothing is served.
   * @default - none: plain HTTP, for your own machine only
   */
  readonly certificate?: string;

  /**
   * CA certificates in PEM, one after the other. Clients must present a certificate of these CAs (mTLS); other connections are closed.
   * Requires a `certificate`.
   * @default - none: clients present no certificate
   */
  readonly clientAuthority?: string;

  /** Ports of the pods behind it. */
  readonly servicePorts: readonly number[];

  /**
   * The load balancer in front of it.
   * @default - none: clients connect directly
   */
  readonly behind?: LoadBalancerInFront;

  /**
   * Additional clients that may connect.
   * @default - none. A forwarded port (`kubectl port-forward`) needs no permission
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /**
   * Number of nginx pods.
   * @default - two if the cluster has several zones, otherwise one
   */
  readonly replicas?: number;

  /**
   * Time for the longest request to finish when a pod terminates.
   * @default "30s"
   */
  readonly longestRequest?: Duration;

  /**
   * The namespace that scrapes its metrics.
   * @default - none
   */
  readonly metricsFrom?: string;

  /**
   * The PriorityClass, which decides which pods are preempted first.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources to create first: the namespace, NGINX Gateway Fabric. */
  readonly after?: readonly ITerraformDependable[];
}

/** The GatewayClass of NGINX Gateway Fabric. */
const CLASS = "nginx";

/** The control plane's pods, which distribute configuration, behind port 443 of their Service. */
const CONTROL_PLANE: TrafficRule = { name: "control-plane", peer: { namespace: PLACES.gateways.namespace }, ports: [8443] };

const METRICS = 9113;

/**
 * Ingress to the services of a namespace: a separate nginx for each Gateway, managed by NGINX Gateway Fabric. Only the configured clients
 * may connect, and nginx may connect only to those services.
 */
export class Gateway extends Construct {
  readonly name: string;
  readonly namespace: string;

  /** The Service and its port, for port forwarding or a target group. */
  readonly service: { readonly name: string; readonly port: number };

  /** Its pods, for services that allow them. */
  readonly peer: Exclude<Peer, "anywhere">;

  /** The Deployment of its pods, for a test of the rollout. */
  readonly deployment: {
    readonly kind: "Deployment";
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  };

  /** Route of a test in the cluster through it, the same as its load balancer uses. */
  readonly through: { readonly host: string; readonly port: number; readonly proxyProtocol: boolean };

  /** Requires a client certificate (mTLS), which a test doesn't have: a test can only open a connection. */
  readonly asksClients: boolean;

  /** Resources that routes depend on. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const { cluster, namespace, name = "gateway", behind, after = [] } = props;
    const labels = { [GATEWAY_LABEL]: name };
    const service = nginxOf(props);
    const { port } = service;
    this.name = name;
    this.namespace = namespace;
    this.service = service;
    this.peer = gatewayPeer(namespace, name);
    this.deployment = { kind: "Deployment", namespace, name: service.name, labels };
    this.through = {
      host: `${service.name}.${namespace}.svc`,
      port,
      proxyProtocol: behind?.clientAddress === "proxy-protocol",
    };

    this.asksClients = props.clientAuthority !== undefined;

    const pods = gatewayPods({ cluster }, `${namespace}/${name}`, props.replicas);
    cluster.ledger.add({ ...pods, ...cluster.ledger.priorityOf(props.priority) });
    const replicas = Number(pods.pods);
    const traffic = new PodTraffic(this, "traffic", {
      namespace,
      name: service.name,
      labels,
      ingress: [
        ...(behind ? [{ name: "load-balancer", peer: networks(behind), ports: [port, READINESS.port] }] : []),
        ...(props.clients ? [{ name: "clients", peer: props.clients, ports: [port] }] : []),
        ...(props.metricsFrom ? [{ name: "metrics", peer: { namespace: props.metricsFrom }, ports: [METRICS] }] : []),
      ],
      egress: [CONTROL_PLANE, { name: "services", peer: "namespace", ports: props.servicePorts }],
      after,
    });
    // A drain evicts one pod at a time; a single pod has no budget.
    disruptionBudget(this, { cluster, namespace, name: service.name, most: replicas, matchLabels: labels });
    const { release } = new CustomResources(this, "objects", {
      cluster,
      namespace,
      name,
      objects: [nginx(name, replicas, props), gateway(name, port, props)],
      after: [...after, traffic.policy, ...this.authority(props)],
    });
    this.ready = [release];
  }

  /** ConfigMap of the clients' CA certificates. Until it exists, nothing is served. */
  private authority({ namespace, certificate, clientAuthority, after = [] }: GatewayProps): readonly ITerraformDependable[] {
    if (clientAuthority === undefined) return [];
    refuse(this, clientAuthorityProblems(clientAuthority), "clientAuthority");
    if (certificate === undefined)
      refuse(this, [{ rule: "is shown over TLS only", remedy: "give the Gateway a certificate, or leave it out" }], "clientAuthority");
    const metadata = { name: clientsOf(this.name, clientAuthority), namespace };
    // Deleted only after the Gateway stops using it.
    const lifecycle = { createBeforeDestroy: true };
    return [new ConfigMapV1(this, "clients", { metadata, data: { "ca.crt": clientAuthority }, lifecycle, dependsOn: [...after] })];
  }
}

/** Returns a new name for other CA certificates, so that the Gateway always has some. */
function clientsOf(name: string, authority: string): string {
  return `${name}-clients-${createHash("sha256").update(authority).digest("hex").slice(0, 8)}`;
}

type Spec = ApiObject & { readonly spec: object };

function gateway(name: string, port: number, { namespace, certificate, clientAuthority }: GatewayProps): Spec {
  const kind = { allowedRoutes: { namespaces: { from: "Same" }, kinds: [{ kind: "HTTPRoute" }] } };
  const clear = { name: "http", protocol: "HTTP", port, ...kind };
  const encrypted = (secret: string) => ({
    ...clear,
    name: "https",
    protocol: "HTTPS",
    tls: { mode: "Terminate", certificateRefs: [{ kind: "Secret", name: secret }] },
  });
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace },
    spec: {
      gatewayClassName: CLASS,
      infrastructure: { parametersRef: { group: "gateway.nginx.org", kind: "NginxProxy", name } },
      listeners: [certificate === undefined ? clear : encrypted(certificate)],
      ...(clientAuthority === undefined
        ? {}
        : {
            tls: {
              frontend: {
                default: { validation: { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: clientsOf(name, clientAuthority) }] } },
              },
            },
          }),
    },
  };
}

/** Settings of its nginx. Settings of all Gateways are in the installation of NGINX Gateway Fabric. */
function nginx(name: string, replicas: number, { namespace, behind, longestRequest = "30s", priority }: GatewayProps): Spec {
  // Without a load balancer in front, only endpoints have to be updated, which takes moments.
  const forgets = known(seconds(behind ? (behind.forgets ?? "150s") : "10s"));
  const learns = behind ? known(seconds(behind.learns ?? "180s")) : 0;
  const deployment = {
    ...(learns > 0 ? { minReadySeconds: learns } : {}),
    // nginx connects to its control plane with a token of its own, and never to the API server.
    template: { spec: { automountServiceAccountToken: false, ...(priority ? { priorityClassName: priority } : {}) } },
  };
  return {
    apiVersion: "gateway.nginx.org/v1alpha2",
    kind: "NginxProxy",
    metadata: { name, namespace },
    spec: {
      ...(behind ? { rewriteClientIP: believed(behind) } : {}),
      kubernetes: {
        deployment: {
          replicas,
          container: { lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", leaving(forgets)] } } } },
          // Time for its requests, and some seconds for its agent.
          pod: { terminationGracePeriodSeconds: forgets + known(seconds(longestRequest)) + 15 },
          patches: [{ type: "StrategicMerge", value: { spec: deployment } }],
        },
      },
    },
  };
}

/** Pre-stop command: on SIGTERM nginx would drop its requests, so it waits until no new ones come, and then shuts down gracefully. */
function leaving(forgets: number): string {
  const pid = "/var/run/nginx/nginx.pid";
  return `sleep ${forgets}; kill -QUIT $(cat ${pid}); while [ -e ${pid} ]; do sleep 1; done`;
}

function believed({ networks: trusted, clientAddress }: LoadBalancerInFront) {
  return {
    mode: clientAddress === "proxy-protocol" ? "ProxyProtocol" : "XForwardedFor",
    setIPRecursively: true,
    trustedAddresses: trusted.map((value) => ({ type: "CIDR", value })),
  };
}

function networks(behind: LoadBalancerInFront): readonly Exclude<Peer, "anywhere">[] {
  return behind.networks.map((cidr) => ({ cidr }));
}
