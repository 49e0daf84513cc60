import type { TerraformStack } from "cdktf";
import {
  ECK_OPERATOR,
  EckOperator,
  type EckOperatorProps,
  ElasticStack,
  type ElasticStackProps,
  elasticBackupStatements,
  elasticsearchOf,
  elasticUsers,
} from "../../constructs/observability";
import { findings } from "../../constructs/policy";
import { aCluster } from "../broker/data-cluster";
import { releasedAs } from "../broker/moves";
import { chartDefaults, unknownPaths } from "../platform/chart-defaults";
import { all, aStack, type Body, one, refusalsOf, synth } from "../synth";

type Changes = Partial<ElasticStackProps> & { readonly zones?: readonly string[]; readonly mirror?: string };

const BACKUP = { bucket: "orders-snapshots", region: "eu-west-1", roleArn: "arn:aws:iam::111122223333:role/orders-snapshots" };

function anElasticStack(stack: TerraformStack, { zones, mirror, cluster, ...changes }: Changes = {}): ElasticStack {
  return new ElasticStack(stack, "elastic", {
    cluster: cluster ?? aCluster(stack, { ...(zones ? { zones } : {}), ...(mirror ? { mirror } : {}) }),
    namespace: "observability",
    clients: [{ namespace: "observability", labels: { "app.kubernetes.io/name": "collector" } }],
    ...changes,
  });
}

const json = (changes: Changes = {}) => synth((stack) => void anElasticStack(stack, changes));
const refusals = (changes: Changes) => refusalsOf((stack) => void anElasticStack(stack, changes));
const object = (body: Body, release: string): Body => releasedAs(body, release).objects[0];
const nodes = (changes: Changes = {}) => object(json(changes), "elasticsearch");
const kibana = (changes: Changes = {}) => object(json(changes), "elasticsearch-kibana");
const set = (changes: Changes = {}): Body => nodes(changes).spec.nodeSets[0];
const files = (changes: Changes = {}) => one(json(changes), "kubernetes_config_map_v1", "elastic/settings/files").data;
const told = (changes: Changes, file: string): Body => JSON.parse(files(changes)[file]);
const unhidden = (text: string) => text.replace(/([$%])\1\{/g, "$1{");

describe("Elasticsearch", () => {
  it("has three nodes over zones, and one where there are none", () => {
    expect(set()).toMatchObject({ count: 3, zoneAwareness: { topologyKey: "topology.kubernetes.io/zone" } });
    expect(set({ zones: [] })).toMatchObject({
      count: 1,
      podTemplate: { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "true" } } },
    });
    expect(set({ zones: [] })).not.toHaveProperty("zoneAwareness");
  });

  it("limits its memory to its request, and its CPU not at all", () => {
    const [container] = set({ memory: "8Gi", cpu: 2 }).podTemplate.spec.containers;
    expect(container).toMatchObject({
      name: "elasticsearch",
      resources: { requests: { cpu: "2", memory: "8Gi" }, limits: { memory: "8Gi" } },
    });
    expect(container.resources.limits).not.toHaveProperty("cpu");
  });

  it("keeps its volumes when it goes, and is guarded against that", () => {
    expect(nodes().spec.volumeClaimDeletePolicy).toBe("DeleteOnScaledownOnly");
    expect(set({ storage: "250Gi" }).volumeClaimTemplates).toEqual([
      {
        metadata: { name: "elasticsearch-data" },
        spec: { accessModes: ["ReadWriteOnce"], storageClassName: "standard", resources: { requests: { storage: "250Gi" } } },
      },
    ]);
    const guarded = (changes: Changes) => all(json(changes), "helm_release").find(({ name }) => name === "elasticsearch")?.lifecycle;
    expect(guarded({})).toEqual({ prevent_destroy: true });
    expect(guarded({ protect: false })).toEqual({ prevent_destroy: false });
    // Kibana holds nothing.
    expect(one(json(), "helm_release", "elastic/kibana/release").lifecycle).toEqual({ prevent_destroy: false });
  });

  it("maps no memory unless it is said that nodes allow it", () => {
    expect(set().config).toEqual({ "node.store.allow_mmap": false });
    expect(set({ memoryMapping: true }).config).toEqual({ "node.store.allow_mmap": true });
  });

  it("is of one version with Kibana, and comes from the mirror", () => {
    const mirrored = { mirror: "registry.example.com/mirror" };
    expect(nodes().spec.version).toBe(kibana().spec.version);
    for (const [found, image] of [
      [nodes(mirrored), "registry.example.com/mirror/elasticsearch/elasticsearch"],
      [kibana(mirrored), "registry.example.com/mirror/kibana/kibana"],
    ] as const)
      expect(found.spec.image).toBe(`${image}:${found.spec.version}`);
  });

  it("opens its ports to its nodes, the operator, its own jobs, Kibana, the exporter and its clients", () => {
    const { spec } = one(json({ metricsFrom: "observability" }), "kubernetes_network_policy_v1", "elastic/traffic/policy");
    const namespace = (name: string) => ({ match_labels: { "kubernetes.io/metadata.name": name } });
    const pods = (labels: Body) => ({ namespace_selector: namespace("observability"), pod_selector: { match_labels: labels } });
    const own = pods({ "elasticsearch.k8s.elastic.co/cluster-name": "elasticsearch" });
    const ports = (...numbers: number[]) => numbers.map((port) => ({ port: String(port), protocol: "TCP" }));
    expect(spec.ingress).toEqual([
      { from: [own], ports: ports(9200, 9300) },
      {
        from: [
          { namespace_selector: namespace("elastic-system") },
          pods({ "app.kubernetes.io/component": "job", "app.kubernetes.io/name": "elasticsearch-settings" }),
          pods({ "kibana.k8s.elastic.co/name": "kibana" }),
          pods({ "app.kubernetes.io/instance": "elasticsearch-exporter", "app.kubernetes.io/name": "prometheus-elasticsearch-exporter" }),
          pods({ "app.kubernetes.io/name": "collector" }),
        ],
        ports: ports(9200),
      },
    ]);
    expect(spec.egress.slice(1)).toEqual([{ to: [own], ports: ports(9200, 9300) }]);
  });

  it("enters the ledger with its volumes, beside Kibana", () => {
    const stack = aStack(() => {});
    const cluster = aCluster(stack);
    anElasticStack(stack, { cluster });
    expect(cluster.ledger.groups).toMatchObject([
      {
        name: "observability/elasticsearch",
        pods: 3,
        request: { millicores: 500, memoryBytes: 4 * 2 ** 30, volumes: 1 },
        spread: [{ over: "zone", required: true }, { over: "node" }],
      },
      { name: "observability/kibana", pods: 2, request: { millicores: 200, memoryBytes: 2 * 2 ** 30 } },
    ]);
  });

  it("is known to its clients by address, authority and a user for each", () => {
    const stack = aStack(() => {});
    const { elasticsearch, serviceAccount } = anElasticStack(stack);
    expect(elasticsearch).toEqual(elasticsearchOf({ namespace: "observability" }));
    expect(elasticsearch).toMatchObject({
      url: "https://elasticsearch-es-http.observability.svc:9200",
      authority: { home: "observability", secretName: "elasticsearch-es-http-certs-public", key: "ca.crt" },
      users: { jaeger: { user: { key: "username" }, password: { secret: { name: "elasticsearch-jaeger" }, key: "password" } } },
      replicas: 1,
    });
    expect(elasticsearchOf({ namespace: "observability", nodes: 1 }).replicas).toBe(0);
    expect(serviceAccount).toEqual({ namespace: "observability", name: "elasticsearch" });
  });

  it("breaks no policy", () => {
    const stack = aStack((made) => void anElasticStack(made, { metricsFrom: "observability", backup: BACKUP }));
    // A test's stack has no state and no default tags.
    const ours = findings({ stack, protect: true, holdsData: true, json: JSON.parse(JSON.stringify(stack.toTerraform())) }).filter(
      ({ policy }) => !["pinned-account", "shared-locked-state", "one-cloud-api"].includes(policy),
    );
    expect(ours).toEqual([]);
  });

  it.each([
    [{ nodes: 2 }, "nodes: 2 can't be the number of nodes: two of them elect no master while one is down; use 1, or 3 and more"],
    [{ storage: "5" as "5Gi" }, `storage: "5" has no unit; use one of Ki, Mi, Gi, Ti, like "16Gi"`],
    [{ memory: "512Mi" }, `memory: "512Mi" is too little for the heap of Elasticsearch; use 1Gi or more`],
    [{ cpu: 0 }, `cpu: 0 must be a usable number of cores; write cores as a number, like 2 or 0.5, or thousandths, like "500m"`],
    [
      { retention: { logs: "12h" } },
      `retention.logs: "12h" must be whole days, because indices are deleted by the day; write days, like "30d"`,
    ],
    [{ retention: { traces: "0d" } }, `retention.traces: "0d" is nothing at all; write a number and a unit, like "30d"`],
    [
      { backup: { ...BACKUP, path: "/logs" } },
      `backup.path: "/logs" can't be the prefix of a repository; write one like logs/elasticsearch`,
    ],
    [
      { name: "Elastic" },
      `name: "Elastic" can't name an Elasticsearch cluster; use up to 36 lower-case letters, digits and hyphens, beginning with a letter`,
    ],
    [{ overlapHours: 0 }, "overlapHours: 0 must be a whole number of hours from 1 to 720; use 24 to give clients a day"],
    [
      { kibana: { memory: "1Gi" } },
      `kibana.memory: "1Gi" is too little for Kibana 9, which crashes while it loads its plugins; use 2Gi or more`,
    ],
    [{ kibana: { replicas: 0 } }, "kibana.replicas: 0 must be a whole number of pods from 1; use 2, or false in place of kibana"],
  ] satisfies [Changes, string][])("refuses %j", (changes, message) => {
    expect(refusals(changes)).toEqual([`test/elastic.${message}`]);
  });
});

describe("retention in Elasticsearch", () => {
  it("deletes logs and traces at an age, entries that could not be indexed too", () => {
    const kept = { retention: { logs: "14d", traces: "3d" } } as const;
    expect(told(kept, "_ilm-policy-logs-retention.json").policy.phases).toEqual({
      hot: { min_age: "0ms", actions: { rollover: { max_age: "1d", max_primary_shard_size: "10240mb" } } },
      delete: { min_age: "14d", actions: { delete: {} } },
    });
    expect(told(kept, "_ilm-policy-traces-retention.json").policy.phases).toEqual({ delete: { min_age: "3d", actions: { delete: {} } } });
    expect(told(kept, "_cluster-settings.json")).toEqual({ persistent: { "data_streams.lifecycle.retention.failures_default": "14d" } });
  });

  it("makes few generations of a long retention, and shards that are small beside a volume, and never above 50 GiB", () => {
    const rollover = (changes: Changes) => told(changes, "_ilm-policy-logs-retention.json").policy.phases.hot.actions.rollover;
    expect(rollover({ retention: { logs: "365d" } }).max_age).toBe("12d");
    expect(rollover({ storage: "20Gi" }).max_primary_shard_size).toBe("2048mb");
    expect(rollover({ storage: "2Ti" }).max_primary_shard_size).toBe("51200mb");
  });

  it("holds for every data stream of logs, with a replica as soon as there is a second node", () => {
    for (const name of ["logs-custom", "logs-otel-custom"])
      expect(told({}, `_component_template-${name}.json`)).toMatchObject({
        template: { settings: { index: { lifecycle: { name: "logs-retention" }, auto_expand_replicas: "0-1" } } },
        _meta: { digest: expect.stringMatching(/^[0-9a-f]{8}$/) },
      });
  });

  it("changes the digest of what changes, and of nothing else", () => {
    const digests = (changes: Changes) =>
      Object.fromEntries(
        Object.entries(files(changes) as Record<string, string>)
          .filter(([file]) => file.endsWith(".json"))
          .map(([file, text]) => [file, /"digest":"(\w+)"/.exec(text)?.[1]]),
      );
    const [before, after] = [digests({}), digests({ retention: { logs: "31d" } })];
    expect(Object.keys(before).filter((file) => before[file] !== after[file])).toEqual(["_ilm-policy-logs-retention.json"]);
  });
});

describe("users of Elasticsearch", () => {
  it("have Secrets that are made in the cluster, unless they are passed", () => {
    const secrets = (changes: Changes) =>
      all(json(changes), "helm_release")
        .map(({ name }) => name)
        .filter((name) => name.startsWith("secret-"));
    expect(secrets({}).sort()).toEqual(["collector", "grafana", "jaeger", "metrics"].map((role) => `secret-elasticsearch-${role}`));
    expect(secrets({ users: elasticUsers() })).toEqual([]);
  });

  it("may do what they are for, and the one that writes logs can neither read nor delete", () => {
    const role = (name: string) => {
      const { metadata: _, ...privileges } = told({}, `_security-role-${name}.json`);
      return privileges;
    };
    expect(role("collector")).toEqual({ indices: [{ names: ["logs-*"], privileges: ["auto_configure", "create_doc"] }] });
    expect(role("grafana").indices).toEqual([{ names: ["logs-*"], privileges: ["read", "view_index_metadata"] }]);
    for (const name of ["collector", "jaeger", "grafana", "metrics"])
      expect(JSON.stringify(role(name))).not.toMatch(/"all"|manage_security|manage_slm|manage_ilm|"manage"|superuser/);
  });

  it("come as files to a job that the restricted standard admits, and are in no variable", () => {
    const body = json();
    const { spec } = one(body, "kubernetes_job_v1", "settings/first/job");
    const pod: Body = spec.template.spec;
    expect(spec).toMatchObject({ active_deadline_seconds: 1800, backoff_limit: 4 });
    expect(pod).toMatchObject({ automount_service_account_token: false, security_context: { run_as_non_root: true } });
    const sources: Body[] = pod.volume.find(({ name }: Body) => name === "credentials").projected[0].sources;
    expect(sources.map(({ secret: [{ name, items }] }: Body) => `${name} ${items[0].key} ${items[0].path}`)).toEqual([
      "elasticsearch-es-elastic-user elastic administrator/password",
      ...["collector", "jaeger", "grafana", "metrics"].flatMap((role) => [
        `elasticsearch-${role} username ${role}/user`,
        `elasticsearch-${role} password ${role}/password`,
      ]),
    ]);
    for (const variable of pod.container[0].env) expect(variable).toEqual({ name: expect.any(String), value: expect.any(String) });
    const [keep, revoke] = ["rotation", "revocation"].map((id) => one(body, "kubernetes_cron_job_v1", `settings/${id}`));
    const command = (job: Body | undefined) => job?.spec.job_template.spec.template.spec.container[0].command;
    expect([keep?.metadata.name, keep?.spec.schedule, command(keep)]).toEqual([
      "elasticsearch-settings",
      "*/5 * * * *",
      ["sh", "/scripts/settings.sh", "keep"],
    ]);
    expect([revoke?.metadata.name, revoke?.spec.suspend, command(revoke)]).toEqual([
      "elasticsearch-revoke",
      true,
      ["sh", "/scripts/settings.sh", "revoke"],
    ]);
  });

  it("are there before a client is: it waits for the job, which gives up with the cause where nodes can't start", () => {
    const checks = one(json(), "kubernetes_config_map_v1", "verdict/checks").data.list;
    expect(checks).toContain("elasticsearch-es-default elasticsearch.k8s.elastic.co%2Fstatefulset-name%3Delasticsearch-es-default");
  });
});

describe("snapshots of Elasticsearch", () => {
  it("go to the bucket every night, and the old ones go", () => {
    const backup = { backup: { ...BACKUP, keep: "60d" } } as const;
    expect(told(backup, "_snapshot-backup.json")).toEqual({
      type: "s3",
      settings: { bucket: "orders-snapshots", base_path: "elasticsearch" },
    });
    expect(told(backup, "_slm-policy-daily.json")).toMatchObject({
      schedule: "0 30 1 * * ?",
      repository: "backup",
      config: { indices: ["*"], include_global_state: true },
      retention: { expire_after: "60d", min_count: 7 },
    });
    const digest = (keep: "30d" | "60d") => told({ backup: { ...BACKUP, keep } }, "_slm-policy-daily.json").config.metadata.digest;
    expect(digest("30d")).not.toBe(digest("60d"));
    expect(files(backup).last).toBe("_snapshot/backup _snapshot-backup.json\n_slm/policy/daily _slm-policy-daily.json\n");
    expect(files().last).toBe("");
  });

  it("are written as a role, by the one token that the repository reads", () => {
    const { podTemplate, config } = set({ backup: BACKUP });
    expect(config).toMatchObject({ "s3.client.default.region": "eu-west-1" });
    const { serviceAccountName, containers, volumes } = podTemplate.spec;
    expect(serviceAccountName).toBe("elasticsearch");
    expect(volumes).toEqual([
      {
        name: "identity",
        projected: {
          sources: [
            { serviceAccountToken: { audience: "sts.amazonaws.com", expirationSeconds: 86_400, path: "aws-web-identity-token-file" } },
          ],
        },
      },
    ]);
    const folder = "/usr/share/elasticsearch/config/repository-s3";
    expect(containers[0].volumeMounts).toEqual([{ name: "identity", mountPath: folder, readOnly: true }]);
    expect(containers[0].env).toEqual(
      expect.arrayContaining([
        { name: "AWS_ROLE_ARN", value: BACKUP.roleArn },
        { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${folder}/aws-web-identity-token-file` },
      ]),
    );
    const egress = (changes: Changes) => one(json(changes), "kubernetes_network_policy_v1", "elastic/traffic/policy").spec.egress;
    expect(egress({ backup: BACKUP }).at(-1)).toEqual({ ports: [{ port: "443", protocol: "TCP" }] });
    expect(egress({})).toHaveLength(2);
  });

  it("are written by the service account that the stack names", () => {
    expect(anElasticStack(aStack(() => {})).serviceAccount).toEqual({ namespace: "observability", name: "elasticsearch" });
  });

  it("need rights below their prefix, and none to delete versions or the bucket", () => {
    const statements = elasticBackupStatements(
      "arn:aws:s3:::orders-snapshots",
      "elasticsearch",
      "arn:aws:kms:eu-west-1:111122223333:key/k",
    );
    expect(statements).toHaveLength(3);
    expect(statements[1]).toMatchObject({ Resource: "arn:aws:s3:::orders-snapshots/elasticsearch/*" });
    expect(statements[2]).toMatchObject({
      Condition: {
        StringLike: {
          "kms:ViaService": "s3.*.amazonaws.com",
          "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::orders-snapshots*",
        },
      },
    });
    expect(JSON.stringify(statements)).not.toMatch(/\*"\]|s3:\*|DeleteObjectVersion|DeleteBucket/);
    expect(elasticBackupStatements("arn:aws:s3:::orders-snapshots", "elasticsearch")).toHaveLength(2);
  });
});

describe("Kibana", () => {
  it("is admitted by the restricted standard, and spread", () => {
    const { count, podTemplate, elasticsearchRef } = kibana().spec;
    expect(count).toBe(2);
    expect(elasticsearchRef).toEqual({ name: "elasticsearch" });
    expect(podTemplate.spec.securityContext).toEqual({ runAsNonRoot: true, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } });
    expect(podTemplate.spec.topologySpreadConstraints).toHaveLength(2);
    expect(podTemplate.spec.containers[0].resources).toEqual({ requests: { cpu: "200m", memory: "2Gi" }, limits: { memory: "2Gi" } });
  });

  it("reaches Elasticsearch alone, and is reached by nobody unless it is said", () => {
    const { spec } = one(json(), "kubernetes_network_policy_v1", "elastic/kibana-traffic/policy");
    expect(spec.ingress ?? []).toEqual([]);
    expect(spec.egress).toHaveLength(2);
    const open = one(
      json({ kibana: { clients: [{ namespace: "edge" }] } }),
      "kubernetes_network_policy_v1",
      "elastic/kibana-traffic/policy",
    );
    expect(open.spec.ingress).toMatchObject([{ ports: [{ port: "5601" }] }]);
    expect(kibana().spec.config).toMatchObject({ "telemetry.optIn": false, "xpack.fleet.isAirGapped": true });
  });

  it("has a budget where there are several, its address where it is said, and can be left out", () => {
    const budgets = (changes: Changes) => JSON.stringify(all(json(changes), "helm_release").map(({ values }) => values));
    expect(budgets({})).toContain("PodDisruptionBudget");
    expect(budgets({ zones: [] })).not.toContain("PodDisruptionBudget");
    expect(kibana({ kibana: { url: "https://kibana.example.com" } }).spec.config["server.publicBaseUrl"]).toBe(
      "https://kibana.example.com",
    );
    expect(all(json({ kibana: false }), "helm_release").map(({ name }) => name)).not.toContain("elasticsearch-kibana");
  });
});

describe("metrics of Elasticsearch", () => {
  const scraped = { metricsFrom: "observability", backup: BACKUP } as const;

  it("come from an exporter that signs in as its own user and trusts the CA alone", () => {
    const values = releasedAs(json(scraped), "elasticsearch-exporter");
    expect(values.extraEnvSecrets).toEqual({
      ES_USERNAME: { secret: "elasticsearch-metrics", key: "username" },
      ES_PASSWORD: { secret: "elasticsearch-metrics", key: "password" },
    });
    expect(values.es).toMatchObject({
      uri: "https://elasticsearch-es-http.observability.svc:9200",
      ssl: { enabled: true, useExistingSecrets: true, ca: { path: "/authority/ca.crt" } },
    });
    expect(values.es).not.toHaveProperty("sslSkipVerify");
  });

  it("tell of snapshots where there are any, which would otherwise fail", () => {
    const { slm, snapshots } = releasedAs(json(scraped), "elasticsearch-exporter").es;
    expect([slm, snapshots]).toEqual([true, true]);
    const without = releasedAs(json({ metricsFrom: "observability" }), "elasticsearch-exporter").es;
    expect([without.slm, without.snapshots]).toEqual([false, false]);
  });

  it("keep the label of the Kubernetes cluster, and have that of the store", () => {
    const { spec } = object(json(scraped), "elasticsearch-exporter-monitor");
    expect(spec.podMetricsEndpoints).toMatchObject([
      {
        port: "http",
        honorLabels: false,
        relabelings: [{ targetLabel: "store", replacement: "elasticsearch" }],
        metricRelabelings: [{ action: "labeldrop", regex: "exported_cluster" }],
      },
    ]);
    expect(all(json(), "helm_release").map(({ name }) => name)).not.toContain("elasticsearch-exporter");
  });

  const directory = process.env.CHART_DEFAULTS;
  const defaults = directory ? chartDefaults(directory, "prometheus-elasticsearch-exporter") : undefined;
  (defaults ? it : it.skip)("are told to the chart by keys that it knows (CHART_DEFAULTS)", () => {
    const values = releasedAs(json({ ...scraped, mirror: "registry.example.com/mirror", priority: "low" }), "elasticsearch-exporter");
    // Its helper reads the name, which has no default.
    const { fullnameOverride, ...others } = values;
    expect(fullnameOverride).toBe("elasticsearch-exporter");
    expect(defaults && unknownPaths(others, defaults, ["resources", "extraEnvSecrets"])).toEqual([]);
  });
});

describe("the operator of Elasticsearch", () => {
  const operator = (changes: Partial<EckOperatorProps> & { readonly mirror?: string; readonly zones?: readonly string[] } = {}) => {
    const { mirror, zones, ...props } = changes;
    return synth((stack) => {
      const cluster = aCluster(stack, { ...(mirror ? { mirror } : {}), ...(zones ? { zones } : {}) });
      new EckOperator(stack, "eck", { cluster, namespace: ECK_OPERATOR.namespace, ...props });
    });
  };
  const values = (changes?: Parameters<typeof operator>[0]) => releasedAs(operator(changes), "elastic-operator");

  it("is admitted by the restricted standard, has no limit of CPU, and reports nothing to its vendor", () => {
    expect(values()).toMatchObject({
      podSecurityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      resources: { requests: { cpu: "100m", memory: "300Mi" }, limits: { cpu: null, memory: "300Mi" } },
      telemetry: { disabled: true },
      replicaCount: 2,
      config: { caValidity: "87600h" },
    });
    expect(values({ zones: [] }).replicaCount).toBe(1);
  });

  it("copies zones to pods, watches the namespaces that it is told, and pulls from the mirror", () => {
    expect(values({ namespaces: ["observability"], mirror: "registry.example.com/mirror" })).toMatchObject({
      image: { repository: "registry.example.com/mirror/eck/eck-operator" },
      managedNamespaces: ["observability"],
      config: { containerRegistry: "registry.example.com/mirror", exposedNodeLabels: ["topology.kubernetes.io/zone"] },
    });
    expect(values()).not.toHaveProperty("managedNamespaces");
  });

  it("is scraped where it is said, at the port that its place opens", () => {
    expect(values()).toMatchObject({ podMonitor: { enabled: false }, config: { metrics: { port: "0" } } });
    expect(values({ metrics: true })).toMatchObject({ podMonitor: { enabled: true }, config: { metrics: { port: "8080" } } });
    expect(ECK_OPERATOR.network).toMatchObject({ webhookPorts: [9443], metricsPorts: [8080], egress: { api: true, pods: [9200] } });
  });

  const directory = process.env.CHART_DEFAULTS;
  const defaults = directory ? chartDefaults(directory, "eck-operator") : undefined;
  (defaults ? it : it.skip)("tells the chart only what it knows (CHART_DEFAULTS)", () => {
    const said = values({ namespaces: ["observability"], mirror: "registry.example.com/mirror", metrics: true });
    expect(defaults && unknownPaths(said, defaults, ["podSecurityContext", "affinity"])).toEqual([]);
  });
});

describe("the script of settings", () => {
  it("is what the job mounts, with what it reads", () => {
    const { "settings.sh": script = "", "overlap.sh": overlap = "" } = files() as Record<string, string>;
    expect(unhidden(script)).toContain('. "${SCRIPTS:-${0%/*}}/overlap.sh"');
    expect(overlap).toContain("overlap()");
  });
});
