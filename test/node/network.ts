import { RESTRICTED } from "../../constructs/kubernetes";
import { Wrong } from "../aws/results";
import { until } from "../cluster/api";
import { VERSIONS } from "./environment";
import { inside, type Place } from "./kubectl";
import { PROMETHEUS } from "./metrics";
import { isReady, type Trial } from "./trial";

/** What pods might connect to: each with its address. The last is outside, and takes whatever comes. */
const DESTINATIONS = {
  "event store": ["event-store-0.event-store-nodes.event-store.svc.cluster.local", 2113],
  "read database": ["read-database-rw.read-store.svc.cluster.local", 5432],
  cache: ["cache.read-store.svc.cluster.local", 6379],
  broker: ["broker.broker.svc.cluster.local", 4222],
  "command API": ["command-api-blue.write-side.svc.cluster.local", 8080],
  "query API": ["query-api.read-side.svc.cluster.local", 8080],
  projections: ["orders-a-0.orders-a.projections.svc.cluster.local", 8080],
  "command gateway": ["gateway-nginx.write-side.svc.cluster.local", 80],
  "query gateway": ["gateway-nginx.read-side.svc.cluster.local", 80],
  "progress of read models": ["known once its pod is there", 8080],
  "Kubernetes API": ["kubernetes.default.svc.cluster.local", 443],
  outside: ["stranger.default.svc.cluster.local", 8080],
} as const satisfies Readonly<Record<string, readonly [string, number]>>;

type Destination = keyof typeof DESTINATIONS;

/** The destinations, with the address of what has no service. */
async function destinations(trial: Trial): Promise<readonly (readonly [string, readonly [string, number]])[]> {
  const [exporter] = await trial.pods("read-store", "app.kubernetes.io/name=read-database-progress");
  if (!exporter) throw new Wrong("the exporter of read models does not run");
  return Object.entries({ ...DESTINATIONS, "progress of read models": [exporter.status.podIP, 8080] as const });
}

/** Seconds that a connection may take on a busy machine. */
const PATIENCE = 15;

/** For each pod what it may connect to, as `uses`, `calls` and `egress` say; everything else has to be cut. */
const SAID: readonly (readonly [Place, readonly Destination[]])[] = [
  [{ namespace: "write-side", of: "deployment/command-api-blue" }, ["event store"]],
  [{ namespace: "write-side", of: "deployment/command-processors" }, ["event store"]],
  [{ namespace: "write-side", of: "deployment/gateway-nginx" }, ["command API"]],
  [{ namespace: "write-side", of: "client" }, ["command API", "command gateway", "Kubernetes API"]],
  [{ namespace: "read-side", of: "deployment/query-api" }, ["read database", "cache"]],
  [{ namespace: "read-side", of: "deployment/gateway-nginx" }, ["query API"]],
  [{ namespace: "read-side", of: "client" }, ["query API", "query gateway", "Kubernetes API"]],
  [{ namespace: "projections", of: "statefulset/orders-a" }, ["event store", "read database", "cache"]],
  [{ namespace: "event-store", of: "statefulset/event-store" }, []],
  [{ namespace: "read-store", of: "statefulset/read-database" }, ["Kubernetes API"]],
  [{ namespace: "read-store", of: "statefulset/cache" }, []],
  [{ namespace: "read-store", of: "deployment/read-database-progress" }, ["read database"]],
  [{ namespace: "notices", of: "deployment/publisher" }, ["broker"]],
  [{ namespace: "broker", of: "statefulset/broker" }, []],
  // Nothing keeps these from asking: it is their own policies that keep others from answering.
  [PROMETHEUS, ["event store", "command API", "query API", "progress of read models", "Kubernetes API", "outside"]],
  [{ namespace: "default", of: "stranger" }, ["Kubernetes API"]],
];

/** Connections to itself say nothing of policies. */
const OWN: Readonly<Record<string, Destination>> = {
  "write-side/deployment/command-api-blue": "command API",
  "write-side/deployment/gateway-nginx": "command gateway",
  "read-side/deployment/query-api": "query API",
  "read-side/deployment/gateway-nginx": "query gateway",
  "projections/statefulset/orders-a": "projections",
  "event-store/statefulset/event-store": "event store",
  "read-store/statefulset/read-database": "read database",
  "read-store/statefulset/cache": "cache",
  "read-store/deployment/read-database-progress": "progress of read models",
  "broker/statefulset/broker": "broker",
  "default/stranger": "outside",
};

/** Every pod tries every destination, and reaches what is said and nothing else. */
export async function networkPolicies(trial: Trial): Promise<void> {
  await trial.check("network policies let through what is said, and cut everything else", async () => {
    await stranger(trial);
    const all = await destinations(trial);
    const tried = await Promise.all(
      SAID.map(async ([place, said]) => {
        let wrong = await deviations(place, said, all);
        // A pod that has just come is known to policies a second later.
        for (let again = 0; again < 2 && wrong.length > 0; again++) wrong = await deviations(place, said, all);
        return wrong;
      }),
    );
    if (tried.flat().length > 0) throw new Wrong(tried.flat().join("\n"));
    const open = SAID.flatMap(([, said]) => said).length;
    return `${open} paths are open, ${SAID.length * all.length - Object.keys(OWN).length - open} are cut`;
  });
}

async function deviations(
  place: Place,
  said: readonly Destination[],
  all: Awaited<ReturnType<typeof destinations>>,
): Promise<readonly string[]> {
  const name = `${place.namespace}/${place.of}`;
  const others = all.filter(([destination]) => OWN[name] !== destination);
  const tries = others.map(
    ([destination, [host, port]]) =>
      `(timeout ${PATIENCE} bash -c ': <>/dev/tcp/${host}/${port}' 2>/dev/null && echo 'open:${destination}' || echo 'cut:${destination}') &`,
  );
  const { stdout, stderr } = await inside(place, `${tries.join("\n")}\nwait`);
  const seen = new Set(stdout.trim().split("\n"));
  return others.flatMap(([destination]) => {
    const expected = said.includes(destination as Destination) ? "open" : "cut";
    return seen.has(`${expected}:${destination}`)
      ? []
      : [`${name} to ${destination} is not ${expected}${stderr ? ` (${stderr.trim()})` : ""}`];
  });
}

/** A pod of somebody else, which no policy holds back, and which answers everybody. */
async function stranger({ api }: Trial): Promise<void> {
  const metadata = { namespace: "default", name: "stranger", labels: { app: "stranger" } };
  await api.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "stranger",
          image: VERSIONS.first,
          command: ["bun", "-e", "Bun.serve({ port: 8080, fetch: () => new Response() })"],
          env: [{ name: "TMPDIR", value: "/tmp" }],
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
          securityContext: RESTRICTED,
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: {} }],
    },
  });
  await api.apply({ apiVersion: "v1", kind: "Service", metadata, spec: { selector: { app: "stranger" }, ports: [{ port: 8080 }] } });
  await until("the stranger answers", 60, async () => isReady(await api.get({ apiVersion: "v1", kind: "Pod", metadata })));
}
