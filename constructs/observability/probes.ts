import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import {
  type ApiObject,
  CustomResources,
  HTTPS,
  type KubernetesTarget,
  type Peer,
  PodTraffic,
  Release,
  type TrafficRule,
} from "../kubernetes";
import { deployed, labels, replicas, resources, spread } from "../platform";

/** An address that is probed every 30 seconds. */
export interface ProbeTarget {
  /** The URL: `https://orders.example.com/health`. Its series have it as the label `instance`. */
  readonly url: string;

  /** Expected response: `success` is a status from 200 to 299, `answer` any status below 500. */
  readonly expect: "success" | "answer";

  /**
   * Label `namespace` of its series, which routes alerts to the owner of a domain.
   * @default - the namespace of the exporter
   */
  readonly namespace?: string;

  /**
   * Pods in the cluster that serve the address. Their certificate is not verified, because their CA is in another namespace.
   * @default - a public endpoint, whose certificate a public CA must have signed
   */
  readonly pods?: Exclude<Peer, string>;
}

export interface ProbesProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of the exporter's pods, with Prometheus in it. */
  readonly namespace: string;

  /** The addresses, at least one. */
  readonly targets: readonly ProbeTarget[];

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources that must exist first: the namespace, the CRDs of the Prometheus operator. */
  readonly after?: readonly ITerraformDependable[];
}

const NAME = "blackbox-exporter";

const CHART = "prometheus-blackbox-exporter";

const PORT = 9115;

const MATCH_LABELS = labels(CHART, NAME);

/** Our estimate: the chart sets no requests. A probe holds one connection and its response. */
const ASKED = { cpu: "10m", memory: "32Mi" } as const;

/** Statuses that prove that a service responds. */
const ANSWERS = Array.from({ length: 300 }, (_, index) => 200 + index);

/** Probe modules, by name (blackbox_exporter 0.28, CONFIGURATION.md). */
const MODULES = {
  success: http({ fail_if_not_ssl: true }),
  answer: http({ fail_if_not_ssl: true, valid_status_codes: ANSWERS, follow_redirects: false }),
  "pod-success": http({ tls_config: { insecure_skip_verify: true } }),
  "pod-answer": http({ tls_config: { insecure_skip_verify: true }, valid_status_codes: ANSWERS, follow_redirects: false }),
} as const;

type Module = keyof typeof MODULES;

function http(settings: object) {
  return { prober: "http", timeout: "8s", http: { preferred_ip_protocol: "ip4", ...settings } };
}

/**
 * Probes of addresses as clients reach them, and of their certificates (blackbox exporter). One object `Probe` for each kind of probe and
 * namespace.
 */
export class Probes extends Construct {
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ProbesProps) {
    super(scope, id);
    const { cluster, namespace, targets, priority, after = [] } = props;
    refuse(this, probeProblems(targets), "targets");
    const sound = targets.filter(({ url }) => urlOf(url) !== undefined);
    const pods = replicas({ cluster }, 2);
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name: NAME,
      labels: MATCH_LABELS,
      ingress: [{ name: "metrics", peer: "namespace", ports: [PORT] }],
      egress: egressOf(sound),
      after,
    });
    const { release } = new Release(this, "chart", {
      cluster,
      chart: CHART,
      name: NAME,
      namespace,
      after: [...after, policy],
      values: {
        fullnameOverride: NAME,
        ...(cluster.mirror ? { global: { imageRegistry: cluster.mirror } } : {}),
        replicas: pods,
        ...(pods > 1 ? { podDisruptionBudget: { maxUnavailable: 1 } } : {}),
        topologySpreadConstraints: spread(MATCH_LABELS),
        // The chart restricts the container, but doesn't set this on the pod.
        podSecurityContext: { seccompProfile: { type: "RuntimeDefault" } },
        ...(priority ? { priorityClassName: priority } : {}),
        resources: resources(ASKED),
        config: { modules: modulesOf(sound) },
        serviceMonitor: { selfMonitor: { enabled: true, port: "http", scrapeTimeout: "10s" } },
      },
      pods: [{ ...deployed({ name: NAME, replicas: pods, asked: [ASKED] }), ...cluster.ledger.priorityOf(priority) }],
    });
    const objects = new CustomResources(this, "probes", {
      cluster,
      namespace,
      name: "probes",
      objects: probesOf(namespace, sound),
      after: [release],
    });
    this.ready = [release, objects.release];
  }
}

/** Pods of the exporter, for ingress policies of probed pods. */
export function probesPeer(namespace: string): Exclude<Peer, string> {
  return { namespace, labels: MATCH_LABELS };
}

function moduleOf({ expect, pods }: ProbeTarget): Module {
  return pods ? `pod-${expect}` : expect;
}

/** Probe modules that are used by at least one target. */
function modulesOf(targets: readonly ProbeTarget[]): object {
  const used = [...new Set(targets.map(moduleOf))].sort();
  return Object.fromEntries(used.map((name) => [name, MODULES[name]]));
}

function egressOf(targets: readonly ProbeTarget[]): readonly TrafficRule[] {
  const pods = targets.flatMap(({ url, pods: peer }) => (peer ? [{ name: "pods", peer, ports: [portOf(url)] }] : []));
  const others = targets.flatMap(({ url, pods: peer }) => (peer ? [] : [portOf(url)]));
  return [...(others.length > 0 ? [{ ...HTTPS, ports: [...new Set(others)] }] : []), ...pods];
}

/** Objects of the Prometheus operator. A label `namespace` of targets replaces that of the object. */
function probesOf(namespace: string, targets: readonly ProbeTarget[]): readonly ApiObject[] {
  const groups = new Map<string, { readonly module: Module; readonly of: string; readonly urls: string[] }>();
  for (const target of targets) {
    const { url, namespace: of = namespace } = target;
    const module = moduleOf(target);
    const name = `${of}-${module}`;
    const group = groups.get(name) ?? { module, of, urls: [] };
    groups.set(name, group);
    if (!group.urls.includes(url)) group.urls.push(url);
  }
  return [...groups].map(([name, { module, of, urls }]) => ({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Probe",
    metadata: { name, namespace },
    spec: {
      jobName: "probe",
      module,
      prober: { url: `${NAME}.${namespace}.svc:${PORT}` },
      interval: "30s",
      scrapeTimeout: "10s",
      targets: { staticConfig: { static: urls, labels: { namespace: of } } },
    },
  }));
}

function probeProblems(targets: readonly ProbeTarget[]): readonly Omit<Problem, "path">[] {
  if (targets.length === 0) return [{ rule: "must not be empty", remedy: "name an address, or leave out the probes" }];
  return targets.flatMap(({ url, pods }) => {
    const protocol = urlOf(url)?.protocol;
    if (protocol === "https:" || (pods && protocol === "http:")) return [];
    return [{ value: url, rule: "must be a URL of HTTPS", remedy: "use one like https://orders.example.com/health" }];
  });
}

function urlOf(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
