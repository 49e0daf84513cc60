import type { TerraformStack } from "cdktf";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { KurrentDb, type KurrentDbProps, kurrentDbQuota, kurrentDbSecrets } from "../../constructs/event-store";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];

type Changes = Partial<KurrentDbProps> & { readonly zones?: readonly string[]; readonly mirror?: string };

const anEventStore = (stack: TerraformStack, { zones = ZONES, mirror, ...changes }: Changes = {}) => {
  const cluster = KubernetesTarget.kubeconfig(stack, {
    context: "kind-orders",
    zones,
    ...(mirror ? { mirror } : {}),
  });
  return new KurrentDb(stack, "events", { cluster, namespace: "event-store", clients: [{ namespace: "write-side" }], ...changes });
};

const made = (changes: Changes = {}): Body => synth((stack) => void anEventStore(stack, changes));
const refusals = (changes: Changes) => refusalsOf((stack) => void anEventStore(stack, changes));
const setOf = (json: Body): Body => one(json, "kubernetes_stateful_set_v1").spec;
const podOf = (json: Body): Body => setOf(json).template.spec;
const variablesOf = (json: Body): Record<string, string> =>
  Object.fromEntries(podOf(json).container[0].env.map(({ name, value, value_from: from }: Body) => [name, value ?? JSON.stringify(from)]));
const policyOf = (json: Body, part: string): Body => one(json, "kubernetes_network_policy_v1", `network/${part}`).spec;

const json = made();

describe("KurrentDb", () => {
  it("starts its nodes at once, and leaves it to its own job to replace them", () => {
    expect(setOf(json)).toMatchObject({
      replicas: "3",
      service_name: "event-store-nodes",
      pod_management_policy: "Parallel",
      update_strategy: [{ type: "OnDelete" }],
      revision_history_limit: 10,
    });
    expect(one(json, "kubernetes_stateful_set_v1").wait_for_rollout).toBe(false);
  });

  it("names nodes before they are ready", () => {
    expect(one(json, "kubernetes_service_v1", "names").spec).toMatchObject({ cluster_ip: "None", publish_not_ready_addresses: true });
  });

  it("tells each node its own name and those of all", () => {
    expect(variablesOf(json)).toMatchObject({
      KURRENTDB_CLUSTER_SIZE: "3",
      KURRENTDB_DISCOVER_VIA_DNS: "false",
      KURRENTDB_GOSSIP_SEED: [0, 1, 2].map((node) => `event-store-${node}.event-store-nodes.event-store.svc.cluster.local:2113`).join(","),
      KURRENTDB_NODE_HOST_ADVERTISE_AS: "$(POD_NAME).event-store-nodes.event-store.svc.cluster.local",
      KURRENTDB_REPLICATION_IP: "0.0.0.0",
    });
    expect(podOf(json).container[0].env[0].name).toBe("POD_NAME");
  });

  it("takes passwords from secrets, and has none in its configuration", () => {
    expect(variablesOf(json).KURRENTDB_DEFAULT_ADMIN_PASSWORD).toBe('{"secret_key_ref":{"key":"admin","name":"event-store-users"}}');
    expect(variablesOf(json).KURRENTDB_DEFAULT_OPS_PASSWORD).toBe('{"secret_key_ref":{"key":"ops","name":"event-store-users"}}');
  });

  it("asks one node for no others", () => {
    const variables = variablesOf(made({ nodes: 1 }));
    expect(variables.KURRENTDB_CLUSTER_SIZE).toBe("1");
    expect(variables).not.toHaveProperty("KURRENTDB_GOSSIP_SEED");
  });

  it.each([
    ["24.10", "EVENTSTORE_", "docker.eventstore.com/eventstore/eventstoredb-ee:24.10.14", "/var/lib/eventstore", "1000", "esdb"],
    ["25.1", "KURRENTDB_", "docker.kurrent.io/kurrent-latest/kurrentdb:25.1.4", "/var/lib/kurrentdb", "1000", "kurrentdb"],
    ["26.0", "KURRENTDB_", "docker.kurrent.io/kurrent-lts/kurrentdb:26.0.3", "/var/lib/kurrentdb", "1001", "kurrentdb"],
    ["26.1", "KURRENTDB_", "docker.kurrent.io/kurrent-latest/kurrentdb:26.1.1", "/var/lib/kurrentdb", "1001", "kurrentdb"],
  ] as const)("runs %s as that version is", (version, prefix, image, data, uid, scheme) => {
    let url = "";
    const pod = podOf(
      synth((stack) => {
        url = anEventStore(stack, { version }).eventStore.connections.commands.variables.EVENT_STORE_URL ?? "";
      }),
    );
    const [container] = pod.container;
    const own = container.env.map(({ name }: Body) => name).filter((name: string) => !/^(POD_NAME|HOME|DOTNET_.*)$/.test(name));
    expect(own.every((name: string) => name.startsWith(prefix))).toBe(true);
    expect(container.image).toBe(image);
    expect(container.volume_mount[0]).toEqual({ name: "data", mount_path: data });
    expect(pod.security_context).toMatchObject({
      run_as_user: uid,
      run_as_group: uid,
      fs_group: uid,
      fs_group_change_policy: "OnRootMismatch",
    });
    expect(url).toBe(`${scheme}://{user}:{password}@{hosts}?tls=true&tlsCaFile={ca}`);
  });

  it("limits the heap of a version that does not do so itself", () => {
    expect(variablesOf(made({ version: "24.10" }))).toMatchObject({ DOTNET_GCHeapHardLimitPercent: "3C", DOTNET_gcServer: "1" });
  });

  it("gives a node the memory that it asked for and no more, and time to close its files", () => {
    const pod = podOf(made({ memory: "16Gi", cpu: 4 }));
    expect(pod.container[0].resources).toEqual({ requests: { cpu: "4", memory: "16Gi" }, limits: { memory: "16Gi" } });
    expect(pod.termination_grace_period_seconds).toBe(300);
  });

  it("checks how many files may be open before it starts", () => {
    expect(podOf(json).container[0].command).toEqual(["sh", "/scripts/start.sh", "/opt/kurrentdb/KurrentDB"]);
  });

  it("keeps variables of services, tokens and rights from its pods", () => {
    expect(podOf(json)).toMatchObject({
      enable_service_links: false,
      automount_service_account_token: false,
      security_context: { run_as_non_root: true, seccomp_profile: { type: "RuntimeDefault" } },
    });
    expect(podOf(json).container[0].security_context).toMatchObject({
      allow_privilege_escalation: false,
      read_only_root_filesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("gives a node time to recover, and kills none that waits for a leader or catches up", () => {
    const [{ startup_probe: startup, liveness_probe: liveness, readiness_probe: readiness }] = podOf(made({ recovery: "2h" })).container;
    expect(startup.http_get.path).toBe("/info");
    expect(startup.failure_threshold * startup.period_seconds).toBe(7200);
    expect(liveness.http_get).toEqual({ path: "/info", port: "2113", scheme: "HTTPS" });
    expect(readiness).not.toHaveProperty("http_get");
  });

  it("is ready only in a role of its cluster, which it is asked for by a name of its certificate", () => {
    const probe = (changes: Partial<KurrentDbProps>) => podOf(made(changes)).container[0].readiness_probe.exec.command;
    expect(probe({})).toEqual(["sh", "/scripts/ready.sh", "https://localhost:2113", "/certificates/trusted/ca.crt"]);
    expect(probe({ nodes: 1, insecureOnOwnMachine: true })).toEqual(["sh", "/scripts/ready.sh", "http://localhost:2113"]);
    expect(one(json, "kubernetes_config_map_v1", "scripts/scripts").data["ready.sh"]).toContain("/info");
  });

  it("keeps nodes apart, over nodes and zones, on nodes of their own where there are such", () => {
    const toleration = { key: "events", effect: "NoSchedule" } as const;
    const pod = podOf(made({ placement: { nodeSelector: { pool: "events" }, tolerations: [toleration] } }));
    expect(pod).toMatchObject({ node_selector: { pool: "events" }, toleration: [{ ...toleration, operator: "Exists" }] });
    expect(pod.topology_spread_constraint[0]).toMatchObject({
      topology_key: "topology.kubernetes.io/zone",
      when_unsatisfiable: "DoNotSchedule",
    });
    expect(podGroups(kubernetesObjects(json).objects).find(({ name }) => name === "event-store/event-store")).toMatchObject({
      pods: 3,
      request: { millicores: 1000, memoryBytes: 8 * 2 ** 30, volumes: 1 },
      spread: [
        { over: "zone", how: "even", required: true },
        { over: "node", how: "apart", required: true },
      ],
    });
  });

  it("lets one node be taken away at a time, and a node that is alone at any", () => {
    expect(one(json, "kubernetes_pod_disruption_budget_v1").spec.max_unavailable).toBe("1");
    expect(all(made({ nodes: 1 }), "kubernetes_pod_disruption_budget_v1")).toEqual([]);
  });

  it("pulls from the mirror", () => {
    expect(podOf(made({ mirror: "registry.example.com/mirror" })).container[0].image).toBe(
      "registry.example.com/mirror/kurrent-lts/kurrentdb:26.0.3",
    );
  });

  it("says what each tier is", () => {
    const tier = (size: "small" | "medium" | "large") => {
      const { replicas, template } = setOf(made({ size }));
      return [replicas, template.spec.container[0].resources.requests];
    };
    expect(tier("small")).toEqual(["1", { cpu: "500m", memory: "2Gi" }]);
    expect(tier("medium")).toEqual(["3", { cpu: "1", memory: "8Gi" }]);
    expect(tier("large")).toEqual(["3", { cpu: "3", memory: "12Gi" }]);
  });

  it("says what its namespace has to allow", () => {
    expect(kurrentDbQuota({ nodes: 3, cpu: 2, memory: "8Gi" })).toEqual({ cpu: "6100m", memory: "25216Mi", pods: 13, volumes: 3 });
  });

  it("puts nothing that is seen into clear: no secret's value is known to it", () => {
    expect(kurrentDbSecrets()).toMatchObject({
      users: { keys: { admin: { length: 32 }, ops: { length: 32 } } },
      metrics: { fixed: { user: "metrics" } },
    });
  });
});

describe("volumes of KurrentDb", () => {
  const claims = (found: Body) => all(found, "kubernetes_persistent_volume_claim_v1");

  it("are Terraform's own, under the names that the StatefulSet looks for", () => {
    expect(claims(json).map(({ metadata, wait_until_bound: wait }) => [metadata.name, wait])).toEqual([
      ["data-event-store-0", false],
      ["data-event-store-1", false],
      ["data-event-store-2", false],
    ]);
    expect(setOf(json).volume_claim_template[0].metadata.name).toBe("data");
    expect(one(json, "kubernetes_stateful_set_v1").lifecycle).toEqual({ ignore_changes: ["spec[0].volume_claim_template"] });
  });

  it("grow by one number, and nothing is replaced", () => {
    const grown = made({ storage: "200Gi" });
    const sizes = (found: Body) => claims(found).map(({ spec }) => spec.resources.requests.storage);
    expect([sizes(json), sizes(grown)]).toEqual([Array(3).fill("100Gi"), Array(3).fill("200Gi")]);
    const without = (found: Body) =>
      JSON.stringify({ ...found.resource, kubernetes_persistent_volume_claim_v1: 0 }).replaceAll("200Gi", "100Gi");
    expect(without(grown)).toBe(without(json));
  });

  it("keep what stands from tier to tier", () => {
    const addresses = (changes: Changes) => claims(made(changes)).map(({ metadata }) => metadata.name);
    expect(addresses({ size: "large" })).toEqual(addresses({ size: "medium" }));
  });

  it("are guarded, unless somebody says otherwise", () => {
    const guards = (found: Body) => claims(found).map(({ lifecycle }) => lifecycle.prevent_destroy);
    expect(guards(json)).toEqual([true, true, true]);
    expect(guards(made({ protect: false }))).toEqual([false, false, false]);
  });

  it("are never joined by empty ones, which could outvote them: another number of nodes ends the plan", () => {
    const founded = (nodes: number) => one(made({ nodes }), "kubernetes_config_map_v1", "founded");
    expect(founded(3)).toMatchObject({ immutable: true, lifecycle: { prevent_destroy: true } });
    expect([1, 3, 5].map((nodes) => founded(nodes).data.nodes)).toEqual(["1", "3", "5"]);
    expect(founded(1).data["another-number"]).toBe("restore a backup into a new event store of that number");
  });
});

describe("traffic of KurrentDb", () => {
  const peers = (rules: Body[], port: string) =>
    rules.filter(({ ports }) => ports.some((one: Body) => one.port === port)).flatMap(({ from, to }) => from ?? to ?? ["anywhere"]);
  const namespaces = (found: (Body | string)[]) =>
    found.map((peer) =>
      typeof peer === "string" ? peer : (peer.namespace_selector?.match_labels["kubernetes.io/metadata.name"] ?? peer.ip_block.cidr),
    );

  it("comes from its clients, its own nodes and jobs, and from nobody else", () => {
    const { ingress } = policyOf(json, "nodes");
    expect(namespaces(peers(ingress, "2113"))).toEqual(["event-store", "event-store", "write-side"]);
    expect(namespaces(peers(ingress, "1112"))).toEqual(["event-store"]);
  });

  it("goes to its own nodes and to questions for names, and to the vendor with a licence only", () => {
    expect(namespaces(peers(policyOf(json, "nodes").egress, "443"))).toEqual([]);
    const secret = kurrentDbSecrets().users;
    const licensed = made({ licence: { secret: { ...secret, name: "licence" }, home: "event-store", key: "key" } });
    expect(namespaces(peers(policyOf(licensed, "nodes").egress, "443"))).toEqual(["anywhere"]);
    expect(variablesOf(licensed).KURRENTDB_LICENSING__LICENSE_KEY).toBe('{"secret_key_ref":{"key":"key","name":"licence"}}');
  });

  it("comes from Prometheus where that is told to", () => {
    expect(namespaces(peers(policyOf(made({ metrics: "observability" }), "nodes").ingress, "2113"))).toContain("observability");
  });

  it("leads the job that replaces pods to the API, and no other", () => {
    expect(policyOf(json, "jobs").egress).toHaveLength(2);
    expect(policyOf(json, "rollout").pod_selector.match_labels["app.kubernetes.io/instance"]).toBe("event-store-rollout");
    expect(peers(policyOf(json, "rollout").egress, "6443")).toEqual(["anywhere"]);
  });
});

describe("operation of KurrentDb", () => {
  const jobs = (found: Body) => all(found, "kubernetes_cron_job_v1").map(({ metadata, spec }) => [metadata.name, spec.schedule]);

  it("is by objects", () => {
    expect(jobs(json)).toEqual([
      ["event-store-reload", "17 3 * * *"],
      ["event-store-scavenge", "0 2 * * 6"],
      ["event-store-users", "*/15 * * * *"],
    ]);
  });

  it("replaces pods when the StatefulSet has changed, and ends the apply with the cause if one does not come back", () => {
    const rollout = one(json, "kubernetes_job_v1", "rollout/job");
    const [set] = Object.keys(json.resource.kubernetes_stateful_set_v1);
    expect(rollout.lifecycle.replace_triggered_by).toEqual([`kubernetes_stateful_set_v1.${set}`]);
    const deadlines = ([1, 3, 5] as const).map((nodes) => {
      const { spec } = one(made({ nodes }), "kubernetes_job_v1", "rollout/job");
      const time = spec.template.spec.container[0].env.find(({ name }: { name: string }) => name === "TIME").value;
      return [spec.active_deadline_seconds, spec.active_deadline_seconds - time];
    });
    // It grows with the nodes, and the script ends before its job does. A pipeline's session lasts four hours.
    expect(deadlines).toEqual([3600 + 720, 3600 + 3 * 720, 3600 + 5 * 720].map((deadline) => [deadline, 60]));
    expect(one(json, "kubernetes_config_map_v1", "rollout/verdict/checks").data.list).toMatch(
      // With the pods of the StatefulSet, which say why they can't start.
      new RegExp(
        `\\tjobs\\t${rollout.metadata.name}\\t\\S+\\tevent-store app.kubernetes.io%2Fcomponent%3Dnode,app.kubernetes.io%2Fname%3Devent-store\\n`,
      ),
    );
    const verdict = one(json, "kubernetes_job_v1", "rollout/verdict/job");
    expect(Number.parseInt(verdict.timeouts.create, 10)).toBeGreaterThan(verdict.spec.active_deadline_seconds);
    expect(verdict.spec.active_deadline_seconds).toBeGreaterThan(rollout.spec.active_deadline_seconds);
    // It is named for what runs in it, which is the same then: Terraform has to be told.
    expect(verdict.lifecycle.replace_triggered_by).toEqual([`kubernetes_job_v1.${rollout["//"].metadata.uniqueId}`]);
  });

  it("has its users made once all nodes serve, and whoever uses it comes after both", () => {
    const [first] = one(json, "kubernetes_job_v1", "users/job").depends_on;
    expect(first).toMatch(/^data\.kubernetes_config_map_v1\.events_operations_rollout_verdict_/);
  });

  it("creates declared persistent subscriptions, again when a declaration has changed, and grants what they read", () => {
    const subscribed = made({
      projections: "system",
      standardProjections: true,
      persistentSubscriptions: [{ stream: "$ce-order", group: "billing" }],
      systemStreams: ["$et-OrderPlaced"],
    });
    const first = one(subscribed, "kubernetes_job_v1", "users/job");
    const variables = ({ spec }: Body) => Object.fromEntries(spec.container[0].env.map(({ name, value }: Body) => [name, value]));
    expect(variables(first.spec.template)).toMatchObject({ SUBSCRIPTIONS: "/persistent-subscriptions", UPDATES: "yes" });
    const maps = ["grants", "persistent-subscriptions"].map((part) => one(subscribed, "kubernetes_config_map_v1", `scripts/${part}`));
    expect(first.lifecycle.replace_triggered_by).toEqual(maps.map((map) => `kubernetes_config_map_v1.${map["//"].metadata.uniqueId}`));
    expect(Object.keys(maps[0]?.binary_data)).toEqual(["streams.bin", "all-events.bin", "read-ce-order.bin", "read-et-OrderPlaced.bin"]);
    const clock = one(subscribed, "kubernetes_cron_job_v1", "users-regularly").spec.job_template.spec.template;
    expect(variables(clock)).toMatchObject({ SUBSCRIPTIONS: "/persistent-subscriptions" });
    expect(variables(clock)).not.toHaveProperty("UPDATES");
  });

  it("may look at its own pods, evict and delete them, and nothing else", () => {
    expect(one(json, "kubernetes_role_v1", "rollout-role").rule).toEqual([
      { api_groups: ["apps"], resources: ["statefulsets"], resource_names: ["event-store"], verbs: ["get"] },
      {
        api_groups: [""],
        resources: ["pods"],
        resource_names: ["event-store-0", "event-store-1", "event-store-2"],
        verbs: ["get", "delete"],
      },
      {
        api_groups: [""],
        resources: ["pods/eviction"],
        resource_names: ["event-store-0", "event-store-1", "event-store-2"],
        verbs: ["create"],
      },
    ]);
    const pods = [
      ...["rollout/job", "users/job"].map((path) => one(json, "kubernetes_job_v1", path).spec),
      ...all(json, "kubernetes_cron_job_v1").map(({ spec }) => spec.job_template.spec),
    ];
    expect(pods.map(({ template: { spec } }) => [spec.service_account_name, spec.automount_service_account_token])).toEqual(
      pods.map(({ template: { spec } }) => (spec.container[0].name === "upgrade" ? ["event-store-rollout", true] : ["event-store", false])),
    );
  });

  it("reads metrics as a user that may read no events", () => {
    const found = made({ metrics: "observability" });
    const { endpoints } = JSON.parse(one(found, "helm_release", "monitor/release").values[0]).objects[0].spec;
    expect(endpoints[0].basicAuth.username).toEqual({ name: "event-store-metrics", key: "user" });
    expect(endpoints[0].tlsConfig.serverName).toBe("event-store-nodes.event-store.svc.cluster.local");
  });

  it("labels its metrics with the store, and has them read as often as its recent maxima cover", () => {
    const found = made({ metrics: "observability" });
    const [endpoint] = JSON.parse(one(found, "helm_release", "monitor/release").values[0]).objects[0].spec.endpoints;
    expect(endpoint.interval).toBe("15s");
    expect(endpoint.relabelings).toEqual([{ targetLabel: "store", replacement: "event-store" }]);
    expect(endpoint).not.toHaveProperty("metricRelabelings");
  });

  it("gives the metrics of EventStoreDB the names that KurrentDB has", () => {
    const found = made({ metrics: "observability", version: "24.10" });
    const [endpoint] = JSON.parse(one(found, "helm_release", "monitor/release").values[0]).objects[0].spec.endpoints;
    expect(endpoint.metricRelabelings).toEqual([
      { sourceLabels: ["__name__"], regex: "eventstore_(.+)", targetLabel: "__name__", replacement: "kurrentdb_$1" },
    ]);
  });
});

describe("who connects to KurrentDb", () => {
  const connections = (changes: Changes = {}) => {
    let found: KurrentDb | undefined;
    synth((stack) => {
      found = anEventStore(stack, changes);
    });
    return found as KurrentDb;
  };

  it("gets the addresses of all nodes, a user of its own, and the authority", () => {
    const { commands, subscriptions } = connections().eventStore.connections;
    expect(commands).toMatchObject({
      facts: {
        hosts: [0, 1, 2].map((node) => `event-store-${node}.event-store-nodes.event-store.svc.cluster.local:2113`).join(","),
        user: { secret: { name: "event-store-commands" }, home: "event-store", key: "user" },
        password: { secret: { name: "event-store-commands" }, key: "password" },
      },
      authority: { home: "event-store", secretName: "event-store-authority", key: "ca.crt" },
      egress: [{ peer: [{ namespace: "event-store", labels: { "app.kubernetes.io/component": "node" } }], ports: [2113] }],
      ready: { host: "event-store.event-store.svc.cluster.local", port: 2113 },
    });
    expect(subscriptions.facts.user).toMatchObject({ secret: { name: "event-store-subscriptions" } });
  });

  it("from another cluster knows nodes by names of the private zone, which they tell and their certificate has", () => {
    const outside = { domain: "orders.internal", networks: ["10.0.0.0/16"], authority: { remoteName: "orders-event-store-authority" } };
    const { commands } = connections({ outside }).eventStoreOutside?.connections ?? {};
    expect(commands).toMatchObject({
      facts: { hosts: [0, 1, 2].map((node) => `event-store-${node}.event-store.orders.internal:2113`).join(",") },
      authority: { elsewhere: { remoteName: "orders-event-store-authority" } },
      egress: [{ peer: [{ cidr: "10.0.0.0/16" }] }],
      ready: { host: "event-store.orders.internal" },
    });
    const found = made({ outside });
    expect(variablesOf(found).KURRENTDB_ADVERTISE_HOST_TO_CLIENT_AS).toBe("$(POD_NAME).event-store.orders.internal");
    expect(one(found, "kubernetes_service_v1", "names").metadata.annotations).toEqual({
      "external-dns.alpha.kubernetes.io/hostname": "event-store.orders.internal",
      "external-dns.alpha.kubernetes.io/ttl": "10",
    });
  });

  it("finds no lock on an insecure node of one's own machine, and nothing that needs one", () => {
    const changes = { nodes: 1, insecureOnOwnMachine: true, zones: [] } as const;
    const { commands } = connections(changes).eventStore.connections;
    expect(commands.variables).toEqual({ EVENT_STORE_URL: "kurrentdb://{hosts}?tls=false" });
    expect(commands).not.toHaveProperty("authority");
    const found = made(changes);
    expect(variablesOf(found)).toMatchObject({ KURRENTDB_INSECURE: "true" });
    // The server refuses to start with both.
    expect(variablesOf(found)).not.toHaveProperty("KURRENTDB_DEFAULT_ADMIN_PASSWORD");
    expect(all(found, "kubernetes_cron_job_v1")).toEqual([]);
    expect(all(found, "helm_release")).toEqual([]);
  });
});

describe("KurrentDb refuses", () => {
  it.each<[string, Changes, string]>([
    ["two nodes", { nodes: 2 }, "nodes: 2 tolerates the loss of no more nodes than 1, and costs one more; use 1 or 3"],
    ["an even cluster", { nodes: 4 }, "nodes: 4 tolerates the loss of no more nodes than 3, and costs one more; use 3 or 5"],
    ["no nodes", { nodes: 0 }, "nodes: 0 must be a valid number of nodes; use 1, 3 or 5"],
    ["seven nodes", { nodes: 7 }, "nodes: 7 makes every write wait for a majority of more nodes than a cluster needs; use 3 or 5"],
    ["too little memory", { memory: "1Gi" }, 'memory: "1Gi" is less than the server\'s caches and heap take; use 2Gi or more'],
    ["no memory at all", { memory: "-5Gi" }, 'memory: "-5Gi" is not a size; write a number and a unit, like "16Gi"'],
    ["too little storage", { storage: "1Gi" }, 'storage: "1Gi" has no room for a scavenge, which rewrites chunks; use 5Gi or more'],
    [
      "no processor",
      { cpu: 0 },
      'cpu: 0 must be a usable number of cores; write cores as a number, like 2 or 0.5, or thousandths, like "500m"',
    ],
    ["a recovery in no unit", { recovery: "60" as "60s" }, 'recovery: "60" has no unit; use one of s, m, h, d, like "30d"'],
    [
      "a name of which Kubernetes makes options",
      { name: "eventstore" },
      'name: "eventstore" makes Kubernetes add variables to every pod of the namespace that the server reads as its options; use "event-store"',
    ],
    [
      "a name that is none",
      { name: "e".repeat(39) },
      `name: "${"e".repeat(39)}" can't be part of the names of services and releases; use up to 38 lower-case letters, digits and hyphens`,
    ],
    [
      "an insecure cluster",
      { insecureOnOwnMachine: true },
      "insecureOnOwnMachine: true allows access without authentication, also from other namespaces; leave it out, or have one node without names outside",
    ],
    [
      "a subscription to a stream that nothing fills",
      { persistentSubscriptions: [{ stream: "$ce-order", group: "billing" }] },
      'persistentSubscriptions[0].stream: "$ce-order" stays empty: no projection fills it; set projections to "system", and standardProjections',
    ],
    [
      "a system stream that nothing fills",
      { systemStreams: ["$et-OrderPlaced"] },
      'systemStreams: "$et-OrderPlaced" stays empty: no projection fills it; set projections to "system", and standardProjections',
    ],
    [
      "a system stream that is none",
      { systemStreams: ["orders"] },
      'systemStreams: "orders" can\'t be granted as a system stream; write one like "$ce-order" or "$et-OrderPlaced"',
    ],
    [
      "a filter where the server has none",
      { persistentSubscriptions: [{ stream: "orders", group: "g", filter: { streamPrefix: ["o"] } }] },
      'persistentSubscriptions[0]: "orders" can\'t have a filter, which the server applies to $all only; leave the filter out, or use $all',
    ],
    [
      "grants where there are no users",
      { nodes: 1, insecureOnOwnMachine: true, systemStreams: ["$ce-x"], projections: "system", standardProjections: true },
      "insecureOnOwnMachine: true leaves out the job that would do this; leave insecure out, or do it by hand",
    ],
    [
      "projections that nothing runs",
      { standardProjections: true },
      'standardProjections: true starts projections that nothing runs; set projections to "system" or "all"',
    ],
    [
      "a licence in another namespace",
      { licence: { secret: kurrentDbSecrets().users, home: "elsewhere", key: "admin" } },
      'licence: "elsewhere" is a namespace from which no pod here reads a secret; keep the licence in event-store',
    ],
    [
      "external TCP without a licence",
      { options: { TCP_PLUGIN__ENABLE_EXTERNAL_TCP: true } },
      'options: "TCP_PLUGIN__ENABLE_EXTERNAL_TCP" turns on the TCP protocol of old clients, and a server without a licence stops there; leave it out, or make KurrentDb with the key of a licence',
    ],
  ])("%s", (_, changes, message) => {
    expect(refusals(changes)).toEqual([`test/events.${message}`]);
  });

  it("a line that it does not know", () => {
    expect(refusals({ version: "23.10" as "24.10" })).toEqual([
      'test/events.version: "23.10" is not a known release line; use one of 24.10, 25.1, 26.0, 26.1',
    ]);
  });
});
