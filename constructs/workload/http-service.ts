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
   * Image by version or digest; a floating tag is refused.
   * @default - each slot names its own
   */
  readonly image?: string;

  /**
   * Where it listens. It is told by the variable `PORT`.
   * @default 8080
   */
  readonly port?: number;

  /**
   * The port of its Service: 80, where its pods, which don't run as root, listen on 8080. A change replaces nothing.
   * @default - `port`
   */
  readonly servicePort?: number;

  /**
   * Further ports that it listens on, by name: `{ broker: 5050 }`. They are open to the same clients.
   * @default - none
   */
  readonly morePorts?: Readonly<Record<string, number>>;

  /**
   * Where it says that it is well, in every respect: it gets requests as long as it does.
   * @default "/health"
   */
  readonly health?: string;

  /**
   * Instances, fixed (`3`) or autoscaled (`{ min: 3, max: 10 }`). An autoscaled service carries no number into Terraform:
   * no apply undoes the autoscaler. It starts with one and has its minimum half a minute later.
   * @default 2, so that a node can be drained
   */
  readonly replicas?: Replicas;

  /**
   * What an autoscaled service follows.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: Scaling;

  /**
   * Who sends it requests.
   * @default - nobody
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /**
   * How long a pod that is told to go still serves: longer than those who send it requests take to hear of it. A gateway
   * and kube-proxy take seconds. A load balancer of AWS that sends straight to its pods takes minutes: its deregistration
   * delay goes here.
   * @default "15s"
   */
  readonly drain?: Duration;

  /**
   * Two versions beside each other, of which a route has one or parts of both. Each is a service of its own, so that a
   * switch changes the route and nothing else. One that is emptied in the same apply goes after it where Terraform does not
   * wait (`waitForRollout`), and before it otherwise: empty it then with the next one. What they must not do twice belongs into a worker.
   * @default - one version, replaced pod by pod
   */
  readonly slots?: Readonly<Partial<Record<Slot, SlotProps>>>;
}

export interface SlotProps {
  /** Image by version or digest; a floating tag is refused. */
  readonly image: string;

  /**
   * Of this slot, where it need not carry everything.
   * @default - the service's
   */
  readonly replicas?: Replicas;
}

const SLOTS: readonly Slot[] = ["blue", "green"];

/** One of the versions of a service that run: the only one, or that of a slot. */
export interface ServiceVersion {
  readonly backend: Backend;

  /** Its Deployment and Service, for a test of this version alone. */
  readonly part: IConstruct;

  /** Its Service: a route can name it before its pods are ready. */
  readonly service: ITerraformDependable;
}

/** A process that answers requests over HTTP, as often as it takes. */
export class HttpService extends Construct {
  /** Where requests go, one for each slot. */
  readonly backends: readonly Backend[];

  /** What runs, one for each slot. */
  readonly versions: readonly ServiceVersion[];

  /** Its pods, for the policies of what lets them in. */
  readonly peer: Exclude<Peer, string>;

  /** What comes after it: a route, a test. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: HttpServiceProps) {
    super(scope, id);
    const { cluster, namespace, name = id, morePorts = {}, clients = [], drain = "15s" } = props;
    const { port = WORKLOAD_DEFAULTS.port, health = WORKLOAD_DEFAULTS.health } = props;
    const { servicePort = port, replicas = 2, scaleOn, env = {}, ingress = [] } = props;
    refuse(this, imageProblems(props));
    for (const { property, ...problem } of [
      ...portProblems({ port, ...morePorts }),
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
      health: { port, path: health },
      morePorts,
      drain,
      graceSeconds: 30,
      ingress: [...(clients.length > 0 ? [{ name: "requests", peer: clients, ports }] : []), ...ingress],
      secretsBeside: signalSecrets(scaleOn),
    });
    this.peer = pods.peer;

    // One that Terraform waits for in vain is made anew, under a name that has to be free.
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
            { name: "http", port: servicePort, targetPort: "http", appProtocol: "http" },
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
 * Requests stay in their zone where it has its share of the pods (Kubernetes, topology aware routing). The provider knows
 * nothing of the field that has followed.
 */
const NEAR = { "service.kubernetes.io/topology-mode": "Auto" } as const;

function imageProblems({ image, slots }: HttpServiceProps): readonly Omit<Problem, "path">[] {
  if (slots && image !== undefined) return [{ value: image, rule: "is an image beside those of slots", remedy: "keep one of the two" }];
  if (slots && !slots.blue && !slots.green) return [{ rule: "has slots, and none of them is filled", remedy: "fill blue or green" }];
  return slots || image !== undefined ? [] : [{ rule: "has no image", remedy: "name one, or one for each slot" }];
}

function portProblems(ports: Readonly<Record<string, number>>): PropProblem[] {
  const remedy = "use 1024 to 65535: what is below is root's";
  return Object.entries(ports).flatMap(([name, value], index) => {
    const property = index === 0 ? name : `morePorts.${name}`;
    const found: PropProblem[] = [];
    if (!Number.isInteger(value) || value < 1024 || value > 65_535)
      found.push({ property, value, rule: "is no port that it may open", remedy });
    if (Object.values(ports).indexOf(value) < index) {
      found.push({ property, value, rule: "is another of its ports as well", remedy: "choose another" });
    }
    // Kubernetes, IANA service names; the other two are taken.
    if (!/^(?=.{1,15}$)(?!http$|metrics$|.*--)[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
      found.push({
        property,
        value: name,
        rule: "is no name of a port",
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
  return value.startsWith("/") ? [] : [{ property: "health", value, rule: "is no path", remedy: "write one that begins with /" }];
}
