import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";
import type { Peer } from "../kubernetes";
import { replicasProblems, scalingProblems, signalSecrets } from "./autoscaling";
import type { Backend, PodProps, Replicas, Scaling, Slot } from "./contract";
import { WORKLOAD_DEFAULTS } from "./defaults";
import { PodTemplate } from "./pod-template";
import { type PropProblem, unreadable } from "./problems";
import { GOES_LAST, Rollout } from "./rollout";

export interface HttpServiceProps extends PodProps {
  /**
   * Image by version or digest; a floating tag is rejected.
   * @default - each slot names its own
   */
  readonly image?: string;

  /**
   * Port that it listens on, passed in the variable `PORT`.
   * @default 8080
   */
  readonly port?: number;

  /**
   * Port of its Service: 80, for example, while its non-root pods listen on 8080. Changed in place.
   * @default - `port`
   */
  readonly servicePort?: number;

  /**
   * Additional ports by name: `{ broker: 5050 }`. The same clients may connect to them.
   * @default - none
   */
  readonly morePorts?: Readonly<Record<string, number>>;

  /**
   * Path of the health endpoint. The pod gets requests while it reports success. `tcp` for a service that doesn't use HTTP: it is healthy
   * while it accepts connections, and its port is called `tcp`.
   * @default "/health"
   */
  readonly health?: string;

  /**
   * Instances, fixed (`3`) or autoscaled (`{ min: 3, max: 10 }`). With autoscaling Terraform doesn't manage the number, so an apply doesn't
   * undo the autoscaler. The service starts with one instance and reaches its minimum half a minute later.
   * @default 2, so that a node can be drained
   */
  readonly replicas?: Replicas;

  /**
   * Metrics that an autoscaled service follows.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: Scaling;

  /**
   * Clients that may send requests.
   * @default - none
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /**
   * Pre-stop delay: the pod keeps serving before it receives SIGTERM, until clients stop sending requests. A gateway and kube-proxy take
   * seconds. An AWS load balancer that targets the pods takes minutes: use its deregistration delay.
   * @default "15s"
   */
  readonly drain?: Duration;

  /**
   * Two parallel versions; a route sends requests to one or splits them by weight. Each has its own Kubernetes Service, so a switch changes
   * only the route. If an apply also removes a slot, the slot is removed after the switch with `waitForRollout: false`, and before it
   * otherwise: then remove it in the next apply. Work that must not run twice belongs in a worker.
   * @default - one version, replaced pod by pod
   */
  readonly slots?: Readonly<Partial<Record<Slot, SlotProps>>>;
}

/** Version of a blue-green service in one slot. */
export interface SlotProps {
  /** Image by version or digest; a floating tag is rejected. */
  readonly image: string;

  /**
   * Instances of this slot, if it doesn't take all requests.
   * @default - the service's
   */
  readonly replicas?: Replicas;
}

const SLOTS: readonly Slot[] = ["blue", "green"];

/** A running version of a service: the only one, or that of a slot. */
export interface ServiceVersion {
  readonly backend: Backend;

  /** Construct of its Deployment and Service, to test this version alone. */
  readonly part: IConstruct;

  /** Its Service, which a route can reference before the pods are ready. */
  readonly service: ITerraformDependable;
}

/** A scalable process that responds to HTTP requests. */
export class HttpService extends Construct {
  /** Targets of requests, one per slot. */
  readonly backends: readonly Backend[];

  /** Running versions, one per slot. */
  readonly versions: readonly ServiceVersion[];

  /** Its pods, as a peer for the rules that allow them. */
  readonly peer: Exclude<Peer, string>;

  /** Resources to depend on, for a route or a test. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: HttpServiceProps) {
    super(scope, id);
    const { cluster, namespace, name = id, morePorts = {}, clients = [], drain = "15s" } = props;
    const { port = WORKLOAD_DEFAULTS.port, health = WORKLOAD_DEFAULTS.health } = props;
    const { servicePort = port, replicas = 2, scaleOn, env = {}, ingress = [] } = props;
    const protocol = health === "tcp" ? "tcp" : "http";
    refuse(this, imageProblems(props));
    for (const { property, ...problem } of [
      ...portProblems({ port, ...morePorts }, protocol),
      ...(servicePort === port ? [] : servicePortProblems(servicePort, morePorts)),
      ...healthProblems(health),
      ...unreadable("drain", drain, seconds(drain)),
      ...replicasProblems(replicas),
      ...scalingProblems(replicas, scaleOn),
    ]) {
      refuse(this, [problem], property);
    }
    const ports = [port, ...Object.values(morePorts)];
    const pods = new PodTemplate(this, "pod", {
      ...props,
      name,
      component: "service",
      single: replicas === 1 && !props.slots,
      env: { PORT: String(port), ...env },
      health: { port, ...(protocol === "http" ? { path: health } : {}) },
      morePorts,
      drain,
      graceSeconds: 30,
      ingress: [...(clients.length > 0 ? [{ name: "requests", peer: clients, ports }] : []), ...ingress],
      secretsBeside: signalSecrets(scaleOn),
    });
    this.peer = pods.peer;

    // If a rollout that Terraform waits for fails, the resource is recreated, and its name must be free.
    const goesLast = props.waitForRollout === false;
    const versions = SLOTS.flatMap((slot) => {
      const version = props.slots?.[slot];
      return version ? [{ slot, service: `${name}-${slot}`, property: `slots.${slot}.image`, ...version }] : [];
    });
    const alone = props.image === undefined ? [] : [{ slot: undefined, service: name, property: "image", image: props.image, replicas }];
    const all = props.slots ? versions : alone;
    const made = all.map(({ slot, service, property, image, replicas: own = replicas }) => {
      const at = slot ? new Construct(this, slot) : this;
      if (slot)
        refuse(
          this,
          replicasProblems(own).map(({ property: _, ...problem }) => problem),
          `slots.${slot}.replicas`,
        );
      const { deployment } = new Rollout(at, "rollout", {
        cluster,
        namespace,
        name: service,
        pods,
        image,
        property,
        replicas: own,
        goesLast,
        ...(scaleOn ? { scaleOn } : {}),
        ...(props.probes ? { probes: props.probes } : {}),
        ...(props.waitForRollout === undefined ? {} : { waitForRollout: props.waitForRollout }),
      });
      const found = new ServiceV1(at, "service", {
        metadata: { name: service, namespace, labels: pods.selector(service), annotations: NEAR },
        spec: {
          selector: pods.selector(service),
          port: [
            { name: protocol, port: servicePort, targetPort: protocol, ...(protocol === "http" ? { appProtocol: protocol } : {}) },
            ...Object.entries(morePorts).map(([portName, number]) => ({ name: portName, port: number, targetPort: portName })),
          ],
        },
        lifecycle: goesLast ? GOES_LAST : {},
        dependsOn: [...(props.after ?? [])],
      });
      return { backend: { ...(slot ? { slot } : {}), service, port: servicePort }, part: at, service: found, ready: [deployment, found] };
    });
    this.versions = made;
    this.backends = made.map(({ backend }) => backend);
    this.ready = made.flatMap(({ ready }) => ready);
  }
}

/**
 * Prefers endpoints in the client's zone if the zone has its share of pods (Kubernetes, topology aware routing). The provider doesn't
 * support `trafficDistribution`, the successor.
 */
const NEAR = { "service.kubernetes.io/topology-mode": "Auto" } as const;

function imageProblems({ image, slots }: HttpServiceProps): readonly Omit<Problem, "path">[] {
  if (slots && image !== undefined)
    return [{ value: image, rule: "can't be combined with the images of slots", remedy: "keep one of the two" }];
  if (slots && !slots.blue && !slots.green) return [{ rule: "has slots, and none of them is filled", remedy: "fill blue or green" }];
  return slots || image !== undefined ? [] : [{ rule: "has no image", remedy: "name one, or one for each slot" }];
}

function portProblems(ports: Readonly<Record<string, number>>, protocol: string): PropProblem[] {
  const remedy = "use 1024 to 65535: what is below is root's";
  return Object.entries(ports).flatMap(([name, value], index) => {
    const property = index === 0 ? name : `morePorts.${name}`;
    const found: PropProblem[] = [];
    if (!Number.isInteger(value) || value < 1024 || value > 65_535)
      found.push({ property, value, rule: "is not a port that it can open", remedy });
    if (Object.values(ports).indexOf(value) < index) {
      found.push({ property, value, rule: "is another of its ports as well", remedy: "choose another" });
    }
    if (name === "tcp" && protocol === "tcp") {
      found.push({ property, value: name, rule: "is the name of port", remedy: "choose another" });
      return found;
    }
    // Kubernetes, IANA service names; the other two are reserved.
    if (!/^(?=.{1,15}$)(?!http$|metrics$|.*--)[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
      found.push({
        property,
        value: name,
        rule: "is not a valid port name",
        remedy: "use up to 15 lower-case letters, digits and single hyphens",
      });
    }
    return found;
  });
}

function servicePortProblems(value: number, morePorts: Readonly<Record<string, number>>): PropProblem[] {
  const found = (rule: string, remedy: string) => [{ property: "servicePort", value, rule, remedy }];
  if (!Number.isInteger(value) || value < 1 || value > 65_535) return found("is not a port", "use 1 to 65535");
  return Object.values(morePorts).includes(value) ? found("is another port of its Service as well", "choose another") : [];
}

function healthProblems(value: string) {
  if (value.startsWith("/") || value === "tcp") return [];
  return [{ property: "health", value, rule: "must be a path or tcp", remedy: "write one that begins with /" }];
}
