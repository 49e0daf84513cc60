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

  /** Where it is, and the services behind it. */
  readonly namespace: string;

  /** @default "gateway" */
  readonly name?: string;

  /**
   * The Secret of its certificate, with `tls.crt` and `tls.key`. While it is not there, nothing is served.
   * @default - none: it speaks in clear, which is right on one's own machine only
   */
  readonly certificate?: string;

  /**
   * The authority, in PEM, whose certificate clients have to show; connections without one are closed. Several stand one
   * after the other. It takes a `certificate`.
   * @default - none: clients show no certificate
   */
  readonly clientAuthority?: string;

  /** Ports of the pods behind it. */
  readonly servicePorts: readonly number[];

  /**
   * What stands in front of it.
   * @default - nothing: clients come by themselves
   */
  readonly behind?: LoadBalancerInFront;

  /**
   * Who else may come in.
   * @default - nobody. A forwarded port (`kubectl port-forward`) needs no leave
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /**
   * How many run.
   * @default - two where the cluster has several zones, otherwise one
   */
  readonly replicas?: number;

  /**
   * The longest that a request may take when a pod of it is going.
   * @default "30s"
   */
  readonly longestRequest?: Duration;

  /**
   * The namespace that reads its metrics.
   * @default - nobody does
   */
  readonly metricsFrom?: string;

  /**
   * The PriorityClass that decides who goes first when room is short.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** What has to be there before: the namespace, NGINX Gateway Fabric. */
  readonly after?: readonly ITerraformDependable[];
}

/** The class that NGINX Gateway Fabric serves. */
const CLASS = "nginx";

/** Where the control plane's pods hand out configuration, behind port 443 of their Service. */
const CONTROL_PLANE: TrafficRule = { name: "control-plane", peer: { namespace: PLACES.gateways.namespace }, ports: [8443] };

const METRICS = 9113;

/**
 * What lets requests in to the services of a namespace: nginx, run by NGINX Gateway Fabric, of which each Gateway has
 * its own. Nobody comes in but from where it says, and it goes nowhere but to those services.
 */
export class Gateway extends Construct {
  readonly name: string;
  readonly namespace: string;

  /** The port on which it listens, and the Service that has it: for whoever forwards it, or binds it to a target group. */
  readonly service: { readonly name: string; readonly port: number };

  /** Its pods, for services that let them in. */
  readonly peer: Exclude<Peer, "anywhere">;

  /** What runs its pods, for a test that looks whether they are there. */
  readonly deployment: {
    readonly kind: "Deployment";
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  };

  /** How a test in the cluster goes through it, as what is before it does. */
  readonly through: { readonly host: string; readonly port: number; readonly proxyProtocol: boolean };

  /** Whether clients have to show a certificate, which a test has not: it finds no more than that somebody listens. */
  readonly asksClients: boolean;

  /** What routes come after. */
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
    // A drain takes one at a time; a single one it just takes.
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

  /** Whom clients have to be known by. While it is not there, nothing is served. */
  private authority({ namespace, certificate, clientAuthority, after = [] }: GatewayProps): readonly ITerraformDependable[] {
    if (clientAuthority === undefined) return [];
    refuse(this, clientAuthorityProblems(clientAuthority), "clientAuthority");
    if (certificate === undefined)
      refuse(this, [{ rule: "is shown over TLS only", remedy: "give the Gateway a certificate, or leave it out" }], "clientAuthority");
    const metadata = { name: clientsOf(this.name, clientAuthority), namespace };
    // It goes when the Gateway no longer knows clients by it.
    const lifecycle = { createBeforeDestroy: true };
    return [new ConfigMapV1(this, "clients", { metadata, data: { "ca.crt": clientAuthority }, lifecycle, dependsOn: [...after] })];
  }
}

/** Another one for other authorities: the Gateway is never without. */
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

/** How its nginx runs. What is not said here is said for all Gateways, where NGINX Gateway Fabric is installed. */
function nginx(name: string, replicas: number, { namespace, behind, longestRequest = "30s", priority }: GatewayProps): Spec {
  // Without a load balancer in front, endpoints are all that has to forget it, within moments.
  const forgets = known(seconds(behind ? (behind.forgets ?? "150s") : "10s"));
  const learns = behind ? known(seconds(behind.learns ?? "180s")) : 0;
  const deployment = {
    ...(learns > 0 ? { minReadySeconds: learns } : {}),
    // It calls its control plane with a token of its own; the API server it calls never.
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
          // What it is at, and some seconds for its agent.
          pod: { terminationGracePeriodSeconds: forgets + known(seconds(longestRequest)) + 15 },
          patches: [{ type: "StrategicMerge", value: { spec: deployment } }],
        },
      },
    },
  };
}

/** Told to end as pods are, nginx would drop what it is at: it is told to finish, when nobody comes any more. */
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
