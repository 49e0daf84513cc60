import { anEnvironment, aProgram } from "../environments";
import { local } from "../fixtures/environments/local";
import { production } from "../fixtures/environments/production";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";

const node = { cpu: 4, memory: "16Gi", storage: "100Gi" };
const aws = anEnvironment().aws as object;

/** Two clusters with what production leaves to others: nodes that are scaled, an event store and databases on the nodes. */
const scaled = anEnvironment({
  name: "scaled",
  aws: { ...aws, domain: "scaled.example.com", network: { cidr: "10.9.0.0/16" }, tags: { team: "orders" } },
  writeCluster: { nodes: { min: 6, max: 9 }, node },
  readCluster: { nodes: 6, node },
  eventStore: { engine: "kurrentdb", nodes: 3, storage: "50Gi" },
  readDatabase: { engine: "cloudnative-pg", instances: 3, storage: "20Gi" },
  commandProcessors: {
    image: "registry.example.com/orders/processors:1.0.0",
    replicas: { min: 2, max: 4 },
    scaleOn: {
      prometheus: { server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "sum(lag)", targetPerReplica: 100 },
    },
  },
  projections: { image: "registry.example.com/orders/projections:1.0.0", workers: 1, parallelism: 1 },
});

// The account of the tests has no deploy roles.
const { stacks } = synthesisOf(
  aProgram(local, { ...production, access: { administrators: ["arn:aws:iam::111122223333:role/platform"] } }, scaled),
);

function platform(id: string): Body {
  const json = stacks.get(`${id}-platform`)?.json;
  if (!json) throw new Error(`there is no stack ${id}-platform`);
  return json;
}

const output = (stack: string, name: string) => `\${data.terraform_remote_state.${stack}.outputs.${name}}`;
const releases = (json: Body) => all(json, "helm_release");
const release = (json: Body, name: string) => releases(json).find((each) => each.name === name) ?? {};
const values = (json: Body, name: string) => JSON.parse(release(json, name).values[0]);
const addressOf = (body: Body) => `helm_release.${body["//"].metadata.uniqueId}`;

/** What each namespace lets in and out, a word for each policy with its ports. */
function openings(json: Body): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { metadata, spec } of all(json, "kubernetes_network_policy_v1")) {
    const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])].flatMap(({ ports }: Body) => ports);
    const ports = new Set(rules.map(({ port }: Body) => port));
    found[metadata.namespace] = [...(found[metadata.namespace] ?? []), [metadata.name, ...ports].join(" ")].sort();
  }
  return found;
}

describe("the namespaces of a platform", () => {
  const OPERATOR = ["deny", "to-api-server 443 6443", "to-names 53"];

  it("are those of the parts that the write side needs, each as open as they need", () => {
    expect(openings(platform("production-write"))).toEqual({
      "cert-manager": ["deny", "from-metrics 9402", "from-webhooks 10250", ...OPERATOR.slice(1), "to-role-agent 80"],
      "external-secrets": ["deny", "from-metrics 8080", "from-webhooks 10250", ...OPERATOR.slice(1), "to-role-agent 80"],
      // What it is let out to beside is opened by whoever follows it.
      keda: ["deny", "from-metrics 8080", "from-peers 9666", "from-webhooks 6443 9443", ...OPERATOR.slice(1), "to-peers 9666"],
      "nginx-gateway": ["deny", "from-metrics 9113", "from-pods 8443", ...OPERATOR.slice(1)],
    });
  });

  it("are those of each side alone", () => {
    const namespaces = (id: string) => Object.keys(openings(platform(id))).sort();
    expect(namespaces("production-read")).toEqual(["cert-manager", "external-dns", "external-secrets", "keda", "nginx-gateway"]);
    expect(namespaces("scaled-read")).toEqual(["cert-manager", "cnpg-system", "external-secrets"]);
    expect(namespaces("scaled-write")).toEqual(["cert-manager", "external-dns", "external-secrets", "keda"]);
  });

  it("open for all of their parts together, where several share one", () => {
    expect(openings(platform("scaled-read"))["cnpg-system"]).toEqual([
      "deny",
      "from-peers 9090",
      "from-webhooks 9443",
      "to-api-server 443 6443",
      "to-names 53",
      "to-peers 9090",
      "to-pods 8000",
    ]);
  });

  it("know no agent that hands out roles where there are none", () => {
    expect(JSON.stringify(openings(platform("local")))).not.toContain("role-agent");
  });

  it("are there before what runs in them, and outlive it", () => {
    for (const json of ["local", "production-write", "scaled-read"].map(platform)) {
      for (const namespace of all(json, "kubernetes_namespace_v1").map(({ metadata }) => metadata.name)) {
        const within = Object.keys(json.resource).filter(
          (type) => !/^(helm_release|kubernetes_(namespace|pod_disruption_budget)_v1)$/.test(type),
        );
        const guards = within.flatMap((type) =>
          all(json, type)
            .filter(({ metadata }) => metadata?.namespace === namespace)
            .map((body) => `${type}.${body["//"].metadata.uniqueId}`),
        );
        const charts = releases(json).filter((each) => each.namespace === namespace && !each.chart.startsWith("assets/"));
        expect(charts.length).toBeGreaterThan(0);
        for (const { depends_on } of charts) expect(depends_on).toEqual(expect.arrayContaining(guards));
      }
    }
  });
});

describe("the secret store of a platform", () => {
  it("serves the namespaces of its own side that ask for secrets, and no others", () => {
    const [store] = values(platform("production-read"), "secret-store").objects;
    expect(store.spec).toEqual({
      provider: { aws: { service: "SecretsManager", region: "eu-west-1", prefix: "orders-production-" } },
      conditions: [{ namespaces: ["observability", "projections", "read-side", "read-store"] }],
    });
    for (const [id, namespaces] of [
      ["scaled-write", ["event-store", "write-side"]],
      ["production-write", ["event-store", "observability", "write-side"]],
    ] as const) {
      const [writing] = values(platform(id), "secret-store").objects;
      expect(writing.spec.conditions).toEqual([{ namespaces }]);
    }
  });

  it("is not there where nobody asks for a secret, or where the cluster draws its own", () => {
    const cluster = { nodes: 3, node };
    const json = synthesisOf(aProgram(anEnvironment({ cluster }))).stacks.get("test-platform")?.json as Body;
    for (const each of [json, platform("local")]) expect(release(each, "secret-store")).toEqual({});
  });
});

describe("storage classes", () => {
  it("encrypt with the key of the environment's disks, and tell its backup plan what is data", () => {
    const json = platform("production-read");
    for (const { parameters } of all(json, "kubernetes_storage_class_v1"))
      expect(parameters.kmsKeyId).toBe(output("production-keys", "disks_key_arn"));
    expect(one(json, "kubernetes_storage_class_v1", "/data").parameters.tagSpecification_1).toMatch(/=orders-production$/);
  });

  it("are an existing cluster's own", () => {
    expect(all(platform("local"), "kubernetes_storage_class_v1")).toEqual([]);
  });
});

describe("what scales nodes", () => {
  const json = platform("scaled-write");
  const [nodeClass, pool] = values(json, "karpenter-nodes").objects;

  it("is told of its cluster and its queue by the stack that made them", () => {
    expect(values(json, "karpenter").settings).toEqual({
      clusterName: output("scaled-write-cluster", "cluster_name"),
      interruptionQueue: output("scaled-write-cluster", "interruption_queue"),
    });
  });

  it("makes nodes in the subnets, groups and by the profile that the others have", () => {
    const subnet = (zone: number) => `\${element(data.terraform_remote_state.scaled-network.outputs.private_subnet_ids, ${zone})}`;
    expect(nodeClass.spec).toMatchObject({
      instanceProfile: output("scaled-write-cluster", "node_instance_profile"),
      subnetSelectorTerms: [0, 1, 2].map((zone) => ({ id: subnet(zone) })),
      securityGroupSelectorTerms: [{ id: output("scaled-network", "write_nodes_security_group_id") }],
      tags: { system: "orders", environment: "scaled", team: "orders" },
    });
    expect(nodeClass.spec.blockDeviceMappings[0].ebs.kmsKeyID).toBe(output("scaled-keys", "disks_key_arn"));
  });

  it("adds no more than the environment allows beyond its fewest", () => {
    expect(pool.spec.limits).toEqual({ cpu: "12" }); // 3 nodes of 4 cores
  });
});

describe("names across clusters", () => {
  it("are kept in the private zone of the network, and nowhere else", () => {
    expect(values(platform("scaled-write"), "external-dns").domainFilters).toEqual([output("scaled-network", "private_zone_name")]);
  });
});

describe("every platform", () => {
  const platforms = [...stacks].filter(([id]) => id.endsWith("platform")).map(([id, { json }]) => [id, json as Body] as const);

  it.each(platforms)("%s takes the providers that its bindings are made for", (_, { terraform }) => {
    expect(terraform.required_providers).toEqual({
      helm: { source: "helm", version: "~> 3.1" },
      kubernetes: { source: "kubernetes", version: "~> 2.38" },
    });
  });

  /** Everything that one release comes after, and so goes before when all is destroyed. */
  function before(json: Body, of: Body): readonly string[] {
    const found = new Map<string, Body>();
    const visit = (one: Body) => {
      for (const other of releases(json)) {
        if (!one.depends_on?.includes(addressOf(other)) || found.has(other.name)) continue;
        found.set(other.name, other);
        visit(other);
      }
    };
    visit(of);
    return [...found.keys()];
  }

  /** What has to be there for objects of an operator to come, and to go. */
  const OPERATORS: Readonly<Record<string, readonly string[]>> = {
    ClusterSecretStore: ["external-secrets"],
    EC2NodeClass: ["karpenter-crd", "karpenter"],
    NodePool: ["karpenter-crd", "karpenter"],
    // Kubernetes' own.
    PodDisruptionBudget: [],
    PodMonitor: ["prometheus-operator-crds"],
  };

  it.each(platforms)("%s takes objects of operators away before those who know what to do with them", (_, json) => {
    for (const custom of releases(json).filter(({ chart }) => chart.startsWith("assets/"))) {
      for (const { kind } of JSON.parse(custom.values[0]).objects) {
        expect(OPERATORS).toHaveProperty(kind);
        expect(before(json, custom)).toEqual(expect.arrayContaining([...(OPERATORS[kind] ?? [])]));
      }
    }
  });
});

describe("a platform without a cloud", () => {
  it("has nothing of a cloud in it", () => {
    const json = platform("local");
    expect(JSON.stringify(json)).not.toMatch(/\baws|amazon|\barn:|\beks\b|terraform_remote_state/i);
    expect(Object.keys(json.provider).sort()).toEqual(["helm", "kubernetes"]);
  });
});
