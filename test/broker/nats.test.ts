import type { TerraformStack } from "cdktf";
import { NATS_SIZES, Nats, type NatsProps, natsMoveProblems } from "../../constructs/broker";
import { brokerConnection } from "../../constructs/broker/contract";
import { chartDefaults, unknownPaths } from "../platform/chart-defaults";
import { all, aStack, type Body, one, refusalsOf, synth } from "../synth";
import { aCluster, usersOf } from "./data-cluster";
import { releasedAs, stateful } from "./moves";

type Changes = Partial<NatsProps> & { readonly zones?: readonly string[]; readonly mirror?: string };

function aBroker(stack: TerraformStack, { zones, mirror, cluster, ...changes }: Changes = {}): Nats {
  return new Nats(stack, "broker", {
    cluster: cluster ?? aCluster(stack, { ...(zones ? { zones } : {}), ...(mirror ? { mirror } : {}) }),
    namespace: "read-store",
    name: "broker",
    purpose: "events",
    users: usersOf("broker-users", "a", "b", "system"),
    clients: [{ namespace: "shop" }],
    ...changes,
  });
}

const json = (changes: Changes = {}) => synth((stack) => void aBroker(stack, changes));
const values = (changes: Changes = {}) => releasedAs(json(changes), "broker");
const refusals = (changes: Changes) => refusalsOf((stack) => void aBroker(stack, changes));

describe("NATS", () => {
  it("has events on the disk before it acknowledges them, and messages soon after", () => {
    expect(values().config.jetstream.merge).toEqual({ sync_interval: "always" });
    expect(values({ purpose: "messages" }).config.jetstream.merge).toEqual({ sync_interval: "10s" });
  });

  it("is three servers, one in each zone, of which a drain takes one at a time", () => {
    expect(values()).toMatchObject({
      config: { cluster: { enabled: true, replicas: 3 } },
      podDisruptionBudget: { enabled: true },
      podTemplate: { topologySpreadConstraints: { "topology.kubernetes.io/zone": { maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" } } },
    });
  });

  it("speaks to nobody in clear, and to other servers only if they are known", () => {
    const { config, tlsCA } = values();
    expect(config.nats.tls).toEqual({ enabled: true, secretName: "broker-tls" });
    expect(config.cluster.tls).toEqual({ enabled: true, secretName: "broker-tls", merge: { verify: true } });
    expect(tlsCA).toEqual({ enabled: true, secretName: "broker-tls" });
  });

  it("has a certificate with every name under which it is called, good for both ends", () => {
    const certificate = releasedAs(json(), "broker-certificate").objects.find(
      ({ kind, metadata }: { kind: string; metadata: { name: string } }) => kind === "Certificate" && metadata.name === "broker",
    );
    expect(certificate.spec).toMatchObject({
      dnsNames: [
        "broker",
        "broker.read-store",
        "broker.read-store.svc",
        "broker.read-store.svc.cluster.local",
        "*.broker-headless.read-store.svc.cluster.local",
      ],
      usages: ["digital signature", "server auth", "client auth"],
    });
  });

  it("reads each password as text, also one that looks like a number", () => {
    const { env } = values().container;
    expect(env.SECRET_A).toEqual({ valueFrom: { secretKeyRef: { name: "broker-users", key: "a" } } });
    expect(env.WORD_A).toBe('"$(SECRET_A)"');
    expect(Object.keys(env).sort().indexOf("SECRET_A")).toBeLessThan(Object.keys(env).sort().indexOf("WORD_A"));
    expect(values().config.merge.accounts.SYSTEM.users).toEqual([{ user: "system", password: "<< $WORD_SYSTEM >>" }]);
  });

  it("reads its users from a file without passwords, which a job changes and Terraform leaves alone", () => {
    const { metadata, data, lifecycle } = one(json(), "kubernetes_config_map_v1", "rotation/state");
    expect(data).toEqual({
      "users.conf": "users: [{user: workloads-a, password: $WORD_A}, {user: workloads-b, password: $WORD_B}]\n",
    });
    expect(lifecycle).toEqual({ ignore_changes: ["data"] });
    const { config, container, podTemplate } = values();
    expect(config.merge.accounts.WORKLOADS).toEqual({ jetstream: "enabled", users$include: "../nats-users/users.conf" });
    expect(container.patch[0].value).toEqual({ name: "users", mountPath: "/etc/nats-users" });
    expect(podTemplate.patch[0].value).toEqual({
      name: "users",
      configMap: { name: metadata.name, items: [{ key: "users.conf", path: "users.conf" }] },
    });
  });

  it("ends the former user after the overlap, or at once by a job that a person starts", () => {
    const body = json({ active: "b", overlapHours: 12 });
    const [rotation, revocation] = ["rotation", "revocation"].map((id) => one(body, "kubernetes_cron_job_v1", `rotation/${id}`));
    expect([rotation?.metadata.name, rotation?.spec.schedule]).toEqual(["broker-passwords", "*/5 * * * *"]);
    expect([revocation?.metadata.name, revocation?.spec.suspend]).toEqual(["broker-revoke", true]);
    const [kept, revoked] = [rotation, revocation].map((each) => each?.spec.job_template.spec.template.spec);
    const told = Object.fromEntries(kept.container[0].env.map(({ name, value }: Body) => [name, value]));
    expect(told).toMatchObject({ ACTIVE: "b", OVERLAP: "43200", SET: "broker", STATE: "broker-rotation", NAMESPACE: "read-store" });
    expect(kept.volume).toContainEqual({ name: "passwords", secret: { secret_name: "broker-users", default_mode: "0440" } });
    expect(revoked.container[0].command).toEqual(["sh", "/scripts/nats-users.sh", "revoke"]);
    expect(one(body, "kubernetes_role_v1").rule).toEqual([
      { api_groups: ["apps"], resources: ["statefulsets"], resource_names: ["broker"], verbs: ["get", "patch"] },
      { api_groups: [""], resources: ["configmaps"], resource_names: ["broker-rotation"], verbs: ["get", "patch"] },
    ]);
    expect(refusals({ overlapHours: 0.5 })).toEqual([
      "test/broker.overlapHours: 0.5 must be a whole number of hours from 1 to 720; use 24 to give clients a day",
    ]);
  });

  it("keeps Go and JetStream within what they have", () => {
    const { container, config } = values();
    expect(container.env.GOMEMLIMIT).toBe("1638MiB");
    expect(config.jetstream.fileStore.maxSize).toBe("46080Mi");
    expect(container.merge.resources).toEqual({ requests: { cpu: "500m", memory: "2Gi" }, limits: { memory: "2Gi" } });
  });

  it("is restricted in every container", () => {
    const { container, reloader, promExporter, podTemplate, natsBox } = values();
    for (const { merge } of [container, reloader, promExporter]) {
      expect(merge.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
    expect(podTemplate.merge.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(natsBox).toEqual({ enabled: false });
  });

  it("owns its volumes, under the names that the set looks for, before the set", () => {
    const claims = all(json(), "kubernetes_persistent_volume_claim_v1");
    expect(claims.map(({ metadata, spec }) => [metadata.name, spec.resources.requests.storage])).toEqual([
      ["broker-js-broker-0", "50Gi"],
      ["broker-js-broker-1", "50Gi"],
      ["broker-js-broker-2", "50Gi"],
    ]);
    expect(claims[0]).toMatchObject({ wait_until_bound: false, lifecycle: { prevent_destroy: true } });
    const addresses = Object.keys(json().resource.kubernetes_persistent_volume_claim_v1).map(
      (id) => `kubernetes_persistent_volume_claim_v1.${id}`,
    );
    expect(one(json(), "helm_release", "servers/release").depends_on).toEqual(expect.arrayContaining(addresses));
  });

  it("labels its metrics with the store", () => {
    expect(values({ metricsFrom: "observability" }).promExporter.podMonitor).toEqual({
      enabled: true,
      patch: [{ op: "add", path: "/spec/podMetricsEndpoints/0/relabelings", value: [{ targetLabel: "store", replacement: "broker" }] }],
    });
    expect(values().promExporter.podMonitor).toEqual({ enabled: false });
  });

  it("opens its clients' port to its clients, its routes to itself, what waits in it to those who scale by that, and nothing else", () => {
    const { spec } = one(
      json({ metricsFrom: "observability", watchers: [{ namespace: "keda" }] }),
      "kubernetes_network_policy_v1",
      "broker/traffic/policy",
    );
    const own = {
      namespace_selector: { match_labels: { "kubernetes.io/metadata.name": "read-store" } },
      pod_selector: {
        match_labels: { "app.kubernetes.io/name": "nats", "app.kubernetes.io/instance": "broker", "app.kubernetes.io/component": "nats" },
      },
    };
    const of = (namespace: string) => ({ namespace_selector: { match_labels: { "kubernetes.io/metadata.name": namespace } } });
    const port = (number: number) => [{ port: String(number), protocol: "TCP" }];
    expect(spec.ingress).toEqual([
      { from: [own], ports: port(6222) },
      { from: [of("shop")], ports: port(4222) },
      { from: [of("keda")], ports: port(8222) },
      { from: [of("observability")], ports: port(7777) },
    ]);
    expect(spec.egress.slice(1)).toEqual([{ to: [own], ports: port(6222) }]);
  });

  it("is known to workloads by the user that is active", () => {
    const { broker } = aBroker(
      aStack(() => {}),
      { active: "b" },
    );
    expect(brokerConnection(broker)).toMatchObject({
      facts: { host: "broker.read-store.svc", port: "4222", user: "workloads-b", password: { home: "read-store", key: "b" } },
      authority: { home: "read-store", secretName: "broker-tls", key: "ca.crt" },
      ready: { host: "broker.read-store.svc", port: 4222 },
    });
  });

  it("enters the ledger with its sidecars and volumes", () => {
    const stack = aStack(() => {});
    const cluster = aCluster(stack);
    aBroker(stack, { cluster, metricsFrom: "observability" });
    expect(cluster.ledger.groups).toEqual([
      {
        name: "read-store/broker",
        pods: 3,
        request: { millicores: 530, memoryBytes: (2048 + 32 + 64) * 2 ** 20, volumes: 1 },
        spread: [
          { over: "zone", how: "even", required: true },
          { over: "node", how: "even", required: true },
        ],
      },
    ]);
  });

  it("comes from the mirror", () => {
    expect(values({ mirror: "registry.example.com/mirror" }).global).toEqual({ image: { registry: "registry.example.com/mirror" } });
  });

  const directory = process.env.CHART_DEFAULTS;
  const defaults = directory ? chartDefaults(directory, "nats") : undefined;
  (defaults ? it : it.skip)("tells the chart only what it knows (CHART_DEFAULTS)", () => {
    const free = [
      "config.cluster.tls.merge",
      "config.jetstream.merge",
      "config.merge",
      "container.env",
      "container.merge",
      "reloader.merge",
      "promExporter.merge",
      "podTemplate.topologySpreadConstraints",
      "podTemplate.merge",
    ];
    const said = values({ metricsFrom: "observability", mirror: "registry.example.com/mirror" });
    expect(defaults && unknownPaths(said, defaults, free)).toEqual([]);
  });
});

describe("NATS refuses", () => {
  it.each([
    [{ servers: 2 }, "servers: 2 servers survive the loss of no more than 1 do; use 3, or 1 where it may be away"],
    [{ servers: 4 }, "servers: 4 servers survive the loss of no more than 3 do; use 3 or 5"],
    [{ servers: 7 }, "servers: 7 servers must all agree on each new stream, which is slow; use 3 or 5"],
    [{ servers: 0 }, "servers: 0 must be a valid number of servers; use 3 or 5"],
    [
      { servers: 1 },
      'servers: 1 server has the only copy of events that are kept nowhere else; use 3, or purpose "messages" where they may be lost',
    ],
    [{ memory: "128Mi" }, `memory: "128Mi" is less than a server and its streams' indexes need; use 256Mi or more`],
    [{ storage: "100Mi" }, `storage: "100Mi" is full before a stream has anything in it; use 1024Mi or more`],
    [{ storage: "10GB" as "10Gi" }, `storage: "10GB" has an unknown unit "GB"; use one of Ki, Mi, Gi, Ti, like "16Gi"`],
    [
      { cpu: "fast" as "1m" },
      `cpu: "fast" must be a valid number of cores; write cores as a number, like 2 or 0.5, or thousandths, like "500m"`,
    ],
  ] satisfies [Changes, string][])("%j", (changes, message) => {
    expect(refusals(changes)).toEqual([`test/broker.${message}`]);
  });

  it("nothing of a single server for messages", () => {
    expect(refusals({ servers: 1, purpose: "messages" })).toEqual([]);
    expect(values({ servers: 1, purpose: "messages" }).config.cluster.enabled).toBe(false);
  });
});

describe("a broker that grows", () => {
  const { small, medium, large } = NATS_SIZES;

  it("keeps every address, and replaces nothing", () => {
    const before = stateful(json({ size: "small" }));
    expect(stateful(json({ size: "large" }))).toMatchObject(before);
    expect(natsMoveProblems(small, medium)).toEqual([]);
    expect(natsMoveProblems(medium, large)).toEqual([]);
  });

  it("leaves its set's own template as it is, which can't be changed", () => {
    const templateOf = (changes: Changes) => values(changes).config.jetstream.fileStore.pvc;
    expect(templateOf({ size: "large" })).toEqual(templateOf({ size: "small" }));
  });

  it("says how to get where streams don't follow", () => {
    expect(natsMoveProblems({ ...small, servers: 1 }, small)).toEqual([
      {
        value: 3,
        rule: "servers don't know the streams that one server made alone",
        remedy: "make a second broker of that many, move each stream with nats stream backup and restore, then the workloads",
      },
    ]);
    expect(natsMoveProblems(medium, { ...small, servers: 1 })).toEqual([
      {
        value: 1,
        rule: "servers lack the copies that the others of 3 have, and still count them when they vote",
        remedy: "lower the replicas of each stream, remove each server with nats server raft peer-remove, then change this",
      },
      {
        value: "10Gi",
        rule: "is less than the 50Gi that its volumes have, and no volume shrinks",
        remedy: 'keep storage: "50Gi", or make a second one from a backup and move there',
      },
    ]);
  });
});
