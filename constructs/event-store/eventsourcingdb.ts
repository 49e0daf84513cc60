import { NetworkPolicyV1 } from "@cdktf/provider-kubernetes/lib/network-policy-v1";
import { PersistentVolumeClaimV1 } from "@cdktf/provider-kubernetes/lib/persistent-volume-claim-v1";
import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import { StatefulSetV1 } from "@cdktf/provider-kubernetes/lib/stateful-set-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Connection } from "../connection";
import { type Problem, refuse } from "../core/errors";
import type { Bytes, Cores } from "../core/quantities";
import { EVENT_SOURCING_DB } from "../core/versions";
import {
  CustomResources,
  egressTo,
  imageFrom,
  ingressFrom,
  type KubernetesTarget,
  NAMES,
  type Peer,
  RESTRICTED,
  STAYS,
  type TrafficRule,
} from "../kubernetes";
import { RestartOnRotation } from "../rotation";
import { type SecretSpec, WorkloadSecret } from "../secrets";
import type { Size } from "../sizing";
import { RESTARTED } from "../workload";
import type { EventStore } from "./contract";
import { authorityOf, certificateOf, certificates } from "./eventsourcingdb-certificates";
import { argumentsOf, DATA, type Flags, flagProblems, TLS } from "./eventsourcingdb-flags";
import { DEFAULT_STORE_NAME, storeNameProblems } from "./store-name";

export interface EventSourcingDbProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /**
   * Prefix of the names of its objects, and the name of its connections.
   * @default "event-store"
   */
  readonly name?: string;

  /** Size, which sets the defaults of `storage`, `cpu` and `memory`. */
  readonly size: Size;

  /**
   * Disk size. It grows in place if the storage class allows it, and never shrinks.
   * @default - that of the size: 10, 50 or 100 GiB
   */
  readonly storage?: Bytes;

  /** @default - that of the size: 250, 500 or 1,000 millicores */
  readonly cpu?: Cores;

  /**
   * Memory request and limit.
   * @default - that of the size: 1, 2 or 4 GiB
   */
  readonly memory?: Bytes;

  /**
   * Image by version or digest, with its registry.
   * @default - the version that the platform pins
   */
  readonly image?: string;

  /**
   * Its only token, which grants full access: the server has no users and no permissions. A new value restarts the server. Generated in the
   * cluster, or by Secrets Manager if the cluster is on AWS.
   * @default - a secret `<name>-token` with 64 letters and digits under the key `token`
   */
  readonly token?: SecretSpec;

  /**
   * The vendor's licence, from a Secret of this namespace that an operator provides. According to the vendor's documentation it is passed
   * as text or as a file, by a flag whose name none of the sources that were read contains: `eventsourcingdb run --help` shows it.
   * @default - none: the server accepts at most 25,000 events
   */
  readonly licence?: { readonly secretName: string; readonly key: string; readonly flag: string };

  /**
   * Disables TLS. Only for a machine that you don't share: anyone who reads a request's token has full access.
   * @default false: HTTPS, with a certificate of its own CA (cert-manager)
   */
  readonly insecure?: boolean;

  /**
   * Clients that may connect.
   * @default "cluster": all pods whose own egress rules allow it
   */
  readonly clients?: Exclude<Peer, "anywhere"> | readonly Exclude<Peer, "anywhere">[];

  /**
   * Flags of `eventsourcingdb run` in addition to the platform's, or replacing them; `false` omits one. The server reads no environment
   * variables.
   * @default - none
   */
  readonly flags?: Flags;

  /**
   * User and group of the process. The vendor doesn't document the image's user; any except root should work, because the data directory
   * belongs to the group.
   * @default 1000
   */
  readonly user?: number;

  /** Protects the disk from deletion. */
  readonly protect: boolean;

  /**
   * The PriorityClass, which decides which pods are preempted first.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources to create first: the namespace, cert-manager, the secret store. */
  readonly after?: readonly ITerraformDependable[];
}

/** Node sizes. `large` is the size of Orchestrix, the others are fractions of it: the vendor publishes no sizing. */
export const EVENT_SOURCING_DB_SIZES = {
  small: { cpu: "250m", memory: "1Gi", storage: "10Gi" },
  medium: { cpu: "500m", memory: "2Gi", storage: "50Gi" },
  large: { cpu: 1, memory: "4Gi", storage: "100Gi" },
} as const satisfies Readonly<Record<Size, { readonly cpu: Cores; readonly memory: Bytes; readonly storage: Bytes }>>;

/** Minimum that the vendor recommends. */
const SHORTEST_TOKEN = 32;

const TOKEN_KEY = "token";

/** Answers without a token. */
const PING = "/api/v1/ping";

/**
 * EventSourcingDB on one node: its vendor documents no cluster. If the node fails, the store is down until its disk is attached to another
 * node of the same zone. It has no disruption budget, because one for a single pod would block every node drain.
 *
 * It accepts one token, read at startup, so tokens can't overlap: a restart invalidates the previous token and ends every session. The
 * CronJob `<name>-passwords` restarts the server within five minutes of a new token in the Secret; an operator starts `<name>-revoke` to do
 * it at once. Clients with the previous token are rejected from then on, until they restart too.
 */
export class EventSourcingDb extends Construct {
  readonly ready: ITerraformDependable[];

  /** Connection data for workloads. Both roles use the same token: the server has no permissions. */
  readonly eventStore: EventStore;

  constructor(scope: Construct, id: string, props: EventSourcingDbProps) {
    super(scope, id);
    const { cluster, namespace, name = DEFAULT_STORE_NAME, licence, insecure = false, clients = "cluster", flags = {}, after = [] } = props;
    const { cpu, memory, storage } = { ...EVENT_SOURCING_DB_SIZES[props.size], ...said(props) };
    const spec = props.token ?? eventSourcingDbToken(name);
    refuse(this, storeNameProblems(name), "name");
    refuse(this, tokenProblems(spec), "token");
    refuse(this, flagProblems(flags), "flags");
    if (licence) refuse(this, flagProblems({ [licence.flag]: true }), "licence.flag");
    const labels = labelsOf(name);
    const port = portOf(insecure);
    const user = String(props.user ?? 1000);

    const token = new WorkloadSecret(this, "token", { cluster, namespace, spec, after });
    const tls = insecure
      ? []
      : [
          new CustomResources(this, "certificates", {
            cluster,
            namespace,
            name: `${name}-certificates`,
            objects: certificates(name, namespace),
            after,
          }).release,
        ];
    const claim = new PersistentVolumeClaimV1(this, "data", {
      metadata: { namespace, name: `data-${name}-0`, labels },
      spec: { accessModes: ["ReadWriteOnce"], storageClassName: cluster.storageClass, resources: { requests: { storage } } },
      waitUntilBound: false,
      dependsOn: [...after],
      lifecycle: { preventDestroy: props.protect },
    });
    const service = new ServiceV1(this, "service", {
      metadata: { namespace, name, labels },
      spec: { selector: labels, port: [{ name: "api", port, targetPort: "api" }] },
      dependsOn: [...after],
    });
    const ingress: TrafficRule = { name: "api", peer: clients, ports: [port] };
    const policy = new NetworkPolicyV1(this, "policy", {
      metadata: { namespace, name },
      spec: {
        podSelector: { matchLabels: labels },
        policyTypes: ["Ingress", "Egress"],
        ingress: [ingressFrom(ingress)],
        egress: [egressTo(NAMES)],
      },
      dependsOn: [...after],
    });
    const ping = { path: PING, port: "api", scheme: insecure ? "HTTP" : "HTTPS" };
    const fromSecret = (variable: string, secretName: string, key: string) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: secretName, key } },
    });
    const set = new StatefulSetV1(this, "server", {
      metadata: { namespace, name, labels },
      spec: {
        serviceName: name,
        replicas: "1",
        revisionHistoryLimit: 10,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: STAYS },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 60,
            ...(props.priority ? { priorityClassName: props.priority } : {}),
            securityContext: {
              runAsNonRoot: true,
              runAsUser: user,
              runAsGroup: user,
              fsGroup: user,
              fsGroupChangePolicy: "OnRootMismatch",
              seccompProfile: { type: "RuntimeDefault" },
            },
            container: [
              {
                name: "eventsourcingdb",
                image: imageFrom(cluster, props.image ?? EVENT_SOURCING_DB),
                args: argumentsOf({ insecure, flags, ...(licence ? { licence: licence.flag } : {}) }),
                // Only expanded from $(…) in the arguments: the server itself reads no variables.
                env: [
                  fromSecret("API_TOKEN", spec.name, TOKEN_KEY),
                  ...(licence ? [fromSecret("LICENCE", licence.secretName, licence.key)] : []),
                ],
                port: [{ name: "api", containerPort: port }],
                resources: { requests: { cpu: String(cpu), memory }, limits: { memory } },
                securityContext: RESTRICTED,
                terminationMessagePolicy: "FallbackToLogsOnError",
                // The time to read the events at startup is not documented: after half an hour the container is restarted.
                startupProbe: { httpGet: ping, periodSeconds: 10, failureThreshold: 180, timeoutSeconds: 5 },
                readinessProbe: { httpGet: ping, periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 5 },
                livenessProbe: { httpGet: ping, periodSeconds: 20, failureThreshold: 6, timeoutSeconds: 5 },
                volumeMount: [
                  { name: "data", mountPath: DATA },
                  { name: "tmp", mountPath: "/tmp" },
                  ...(insecure ? [] : [{ name: "tls", mountPath: TLS, readOnly: true }]),
                ],
              },
            ],
            volume: [
              { name: "data", persistentVolumeClaim: { claimName: claim.metadata.name } },
              { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
              ...(insecure ? [] : [{ name: "tls", secret: { secretName: certificateOf(name), defaultMode: "0440" } }]),
            ],
          },
        },
      },
      dependsOn: [token.release, ...tls, claim, service, policy],
      // A set that was created without a history would be replaced for it.
      lifecycle: { ignoreChanges: [RESTARTED, "spec[0].revision_history_limit"] },
    });
    new RestartOnRotation(this, "rotation", {
      cluster,
      namespace,
      set: name,
      secretName: spec.name,
      after: [...after, token.release],
    }).jobs(set);
    this.ready = [set];
    this.eventStore = eventSourcingDbEventStore({ name, namespace, insecure, token: spec });
  }
}

/** Returns the connection data of an EventSourcingDB, for workloads in any stack. */
export function eventSourcingDbEventStore({
  name = DEFAULT_STORE_NAME,
  namespace,
  insecure = false,
  token = eventSourcingDbToken(name),
}: Pick<EventSourcingDbProps, "name" | "namespace" | "insecure" | "token">): EventStore {
  const [host, port] = [`${name}.${namespace}.svc.cluster.local`, portOf(insecure)];
  const connection: Connection = {
    name,
    facts: { host, port: String(port), token: { secret: token, home: namespace, key: TOKEN_KEY } },
    variables: { EVENT_STORE_URL: `${insecure ? "http" : "https"}://{host}:{port}`, EVENT_STORE_TOKEN: "{token}" },
    ...(insecure ? {} : { authority: { home: namespace, secretName: authorityOf(name), key: "ca.crt" } }),
    egress: [{ name, peer: { namespace, labels: labelsOf(name) }, ports: [port] }],
    ready: { host, port },
  };
  return { protocol: "http", connections: { commands: connection, subscriptions: connection } };
}

/** The URL that answers while it works, and the pods behind it, for a probe: it exports no metrics. */
export function eventSourcingDbPing({
  name = DEFAULT_STORE_NAME,
  namespace,
  insecure = false,
}: Pick<EventSourcingDbProps, "name" | "namespace" | "insecure">) {
  return {
    url: `${insecure ? "http" : "https"}://${name}.${namespace}.svc:${portOf(insecure)}${PING}`,
    pods: { namespace, labels: labelsOf(name) },
  };
}

/** Its own defaults for HTTP and HTTPS. */
function portOf(insecure: boolean): number {
  return insecure ? 3000 : 4000;
}

function labelsOf(name: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": "eventsourcingdb", "app.kubernetes.io/instance": name };
}

/** Returns the secret of its only token. */
export function eventSourcingDbToken(name = DEFAULT_STORE_NAME): SecretSpec {
  return {
    name: `${name}-token`,
    purpose: "Token of EventSourcingDB, which opens all of it",
    keys: { [TOKEN_KEY]: { length: 64 } },
    rotation: { method: "engine-first", clients: "restart", engine: "a job that restarts the server, within 20 minutes" },
  };
}

/** Returns the names of the Secrets that it owns in its namespace. */
export function eventSourcingDbSecrets(name = DEFAULT_STORE_NAME): readonly string[] {
  return [eventSourcingDbToken(name).name, authorityOf(name), certificateOf(name)];
}

function tokenProblems({ keys, name }: SecretSpec): readonly Omit<Problem, "path">[] {
  const length = keys[TOKEN_KEY]?.length;
  if (length === undefined)
    return [{ value: name, rule: `has no key ${TOKEN_KEY}`, remedy: `draw one, like { ${TOKEN_KEY}: { length: 64 } }` }];
  return length < SHORTEST_TOKEN
    ? [{ value: length, rule: "characters are fewer than its vendor recommends", remedy: `use ${SHORTEST_TOKEN} or more` }]
    : [];
}

/** Returns the explicit settings, which override those of the size. */
function said({ cpu, memory, storage }: EventSourcingDbProps) {
  return { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}), ...(storage ? { storage } : {}) };
}
