import { domainQuota, resolvedStores, storeQuota } from "../../stacks/model/derive/sizes";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

/** Memory of what AWS rents out, as its price lists have it. */
const RENTED: Readonly<Record<string, string>> = {
  "db.t4g.medium": "4Gi",
  "db.m7g.large": "8Gi",
  "db.r7g.large": "16Gi",
  "db.r7g.xlarge": "32Gi",
  "t4g.small": "1.37Gi",
  "m7g.large": "6.38Gi",
  "r7g.large": "13.07Gi",
};

type Stacks = ReturnType<typeof synthesisOf>["stacks"];

/** What runs on a cluster runs on anybody's; what AWS runs needs none. */
const CLUSTER = { aws: undefined, cluster: { context: "kind" } };
const jsonOf = (stacks: Stacks, part: string) => stacks.get(`test-${part}`)?.json as Body;
const valuesOf = (json: Body, name: string): Body => JSON.parse(all(json, "helm_release").find((one) => one.name === name)?.values[0]);
const asked = ({ requests, limits }: Body) => {
  expect(limits.memory).toBe(requests.memory);
  return `cpu ${/^\d+$/.test(requests.cpu) ? Number(requests.cpu) : requests.cpu}, memory ${requests.memory}`;
};
const only = <T>(values: readonly T[]): T => {
  expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(1);
  return values[0] as T;
};
const claims = (json: Body) => all(json, "kubernetes_persistent_volume_claim_v1");
const storageOf = (json: Body) => only(claims(json).map(({ spec }) => spec.resources.requests.storage));
const parameter = (group: Body) => group.parameter.find(({ name }: Body) => name === "max_connections")?.value;

/** What a store is told by the Terraform that was written for it, in the words in which it is printed. */
const ENGINES: Readonly<Record<string, { readonly store: object; readonly written: (stacks: Stacks) => string }>> = {
  kurrentdb: {
    store: { ...CLUSTER, eventStore: { engine: "kurrentdb" } },
    written: (stacks) => {
      const json = jsonOf(stacks, "event-store");
      const [{ spec }] = all(json, "kubernetes_stateful_set_v1") as [Body];
      const [{ image, resources }] = spec.template.spec.container;
      const version = /:(\d+\.\d+)\./.exec(image)?.[1];
      expect(claims(json)).toHaveLength(Number(spec.replicas));
      return `kurrentdb: version ${version}, nodes ${spec.replicas}, ${asked(resources)}, storage ${storageOf(json)}`;
    },
  },
  eventsourcingdb: {
    store: { ...CLUSTER, eventStore: { engine: "eventsourcingdb", licence: { secret: "licence", flag: "license" } } },
    written: (stacks) => {
      const json = jsonOf(stacks, "event-store");
      const [{ spec }] = all(json, "kubernetes_stateful_set_v1") as [Body];
      const [{ image, resources }] = spec.template.spec.container;
      return `eventsourcingdb: image ${image}, ${asked(resources)}, storage ${storageOf(json)}`;
    },
  },
  "kurrent-cloud": {
    store: { eventStore: { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } } },
    written: (stacks) => {
      const [made] = all(jsonOf(stacks, "event-store"), "kurrentcloud_managed_cluster") as [Body];
      const { topology, instance_type, disk_size, server_version } = made;
      return `kurrent-cloud: version ${server_version}, topology ${topology}, instanceType ${instance_type}, storage ${disk_size / 1024}Ti`;
    },
  },
  "cloudnative-pg": {
    store: { ...CLUSTER, readDatabase: { engine: "cloudnative-pg", pooler: true } },
    written: (stacks) => {
      const [{ spec }] = valuesOf(jsonOf(stacks, "read-store"), "read-database").objects;
      const poolers = valuesOf(jsonOf(stacks, "read-store"), "read-database-around").objects.filter(({ kind }: Body) => kind === "Pooler");
      const version = /:(\d+)\./.exec(spec.imageName)?.[1];
      return (
        `cloudnative-pg: version ${version}, instances ${spec.instances}, ${asked(spec.resources)}, storage ${spec.storage.size}, ` +
        `walStorage ${spec.walStorage.size}, poolers ${only(poolers.map((each: Body) => each.spec.instances))}, ` +
        `max_connections ${spec.postgresql.parameters.max_connections}`
      );
    },
  },
  valkey: {
    store: { ...CLUSTER, cache: { engine: "valkey" } },
    written: (stacks) => {
      const json = jsonOf(stacks, "read-store");
      const { replica, resources, valkeyConfig } = valuesOf(json, "cache");
      const line = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(valkeyConfig)?.[1];
      expect(claims(json)).toHaveLength(1 + replica.replicas);
      return (
        `valkey: replicas ${replica.replicas}, ${asked(resources)}, storage ${storageOf(json)}, ` +
        `eviction ${line("maxmemory-policy")}, sync ${line("appendfsync")}`
      );
    },
  },
  nats: {
    store: { ...CLUSTER, broker: { engine: "nats" } },
    written: (stacks) => {
      const json = jsonOf(stacks, "read-store");
      const { config, container } = valuesOf(json, "broker");
      expect(claims(json)).toHaveLength(config.cluster.replicas);
      return `nats: servers ${config.cluster.replicas}, ${asked(container.merge.resources)}, storage ${storageOf(json)}`;
    },
  },
  aurora: {
    store: { readDatabase: { engine: "aurora", replicas: 2 } },
    written: (stacks) => {
      const json = jsonOf(stacks, "data");
      const instances = all(json, "aws_rds_cluster_instance");
      const kind = only(instances.map(({ instance_class }) => instance_class));
      const [{ engine_version }] = all(json, "aws_rds_cluster") as [Body];
      const connections = parameter(all(json, "aws_rds_cluster_parameter_group")[0] as Body);
      return `aurora: version ${engine_version}, instance ${kind}, memory ${RENTED[kind]}, replicas ${instances.length - 1}, max_connections ${connections}`;
    },
  },
  rds: {
    store: { readDatabase: { engine: "rds", replicas: 1 } },
    written: (stacks) => {
      const json = jsonOf(stacks, "data");
      const instances = all(json, "aws_db_instance");
      const kind = only(instances.map(({ instance_class }) => instance_class));
      const storage = only(instances.map(({ allocated_storage }) => allocated_storage));
      const { engine_version, multi_az } = instances.find(({ replicate_source_db }) => replicate_source_db === undefined) as Body;
      const connections = parameter(all(json, "aws_db_parameter_group")[0] as Body);
      return (
        `rds: version ${engine_version}, instance ${kind}, memory ${RENTED[kind]}, replicas ${instances.length - 1}, ` +
        `standby ${multi_az}, storage ${storage}Gi, max_connections ${connections}`
      );
    },
  },
  elasticache: {
    store: { cache: { engine: "elasticache", shards: 2, replicasPerShard: 1 } },
    written: (stacks) => {
      const [group] = all(jsonOf(stacks, "data"), "aws_elasticache_replication_group") as [Body];
      const node = group.node_type.replace("cache.", "");
      return (
        `elasticache: version ${group.engine_version}, node ${node}, memory ${RENTED[node]}, shards ${group.num_node_groups}, ` +
        `replicasPerShard ${group.replicas_per_node_group}`
      );
    },
  },
};

describe("the sizes of stores", () => {
  const engines = Object.keys(ENGINES);
  const cases = engines.flatMap((engine) => ["small", "medium", "large"].map((size) => [engine, size] as const));

  it.each(cases)("say of %s in %s what Terraform is told", (engine, size) => {
    const { store, written } = ENGINES[engine] ?? { store: {}, written: () => "" };
    const exceptions = { disposable: "thrown away daily" };
    const environment = anEnvironment({ size, exceptions, ...store });
    const [{ settings } = { settings: "" }] = resolvedStores(asDomains(environment));
    expect(settings).toBe(written(synthesisOf(aProgram(environment)).stacks));
  });

  it("give way to what is said", () => {
    const readDatabase = { engine: "rds", size: "large", replicas: 0, storage: "50Gi", parameters: { max_connections: 50 } };
    const eventStore = { engine: "kurrentdb", version: "24.10", nodes: 5, storage: "1Ti" };
    const environment = anEnvironment({ size: "small", readDatabase, eventStore });
    expect(resolvedStores(asDomains(environment)).map(({ name, settings }) => `${name} ${settings}`)).toEqual([
      "event-store kurrentdb: version 24.10, nodes 5, cpu 500m, memory 2Gi, storage 1Ti",
      "read-database rds: version 17, instance db.r7g.xlarge, memory 32Gi, replicas 0, standby true, storage 50Gi, max_connections 50",
    ]);
  });

  it("are the engine alone if it has none", () => {
    const domains = { shop: { services: { web: { image: "web:1", replicas: 1, uses: ["memory"] } } } };
    const environment = anEnvironment({ stores: { memory: { engine: "memory" } }, domains });
    expect(resolvedStores(asDomains(environment)).find(({ name }) => name === "memory")?.settings).toBe("memory");
  });
});

describe("the quota of a namespace", () => {
  const image = "registry.example.com/venta/app:1.0.0";

  it("allows the pods of a domain twice, each of its jobs once, and what is beside them", () => {
    const sidecars = [{ name: "proxy", image, cpu: "100m", memory: "64Mi" }];
    const [domain] = asDomains(
      anEnvironment({
        domains: {
          orders: {
            cpu: "500m",
            memory: "1Gi",
            services: { api: { image, replicas: { min: 2, max: 4 }, sidecars } },
            workers: { files: { image, replicas: 1, volumes: { "/data": { size: "1Gi" } } } },
            jobs: { nightly: { image, when: { schedule: "0 2 * * *" } } },
          },
        },
      }),
    ).domains;
    expect(domain && domainQuota(domain)).toEqual({
      cpu: `${2 * (4 * 600 + 500) + 500 + 2000}m`,
      memory: `${2 * (4 * 1088 + 1024) + 1024 + 4096}Mi`,
      pods: 2 * 5 + 1 + 30,
      volumes: 1,
    });
  });

  it("of stores has the volumes of each, and is one for each stack", () => {
    const system = asDomains(anEnvironment({ stores: { nats: { engine: "nats", servers: 3 }, redis: { engine: "valkey", replicas: 1 } } }));
    expect(storeQuota(system, "nats")).toMatchObject({ pods: 2 * 3 + 40, volumes: 3 });
    expect(storeQuota(system, "redis")).toMatchObject({ pods: 2 * 2 + 40, volumes: 2 });
  });

  it("of stores has the pods and volumes of restore drills, whatever the engine", () => {
    const backup = { every: "15m", keep: "28d" };
    const volumesOf = (eventStore: (drill: object) => object) => {
      const [without, drilled] = [{}, { drill: "0 4 1 * *" }].map((drill) =>
        storeQuota(asDomains(anEnvironment({ cluster: { nodes: 3, node: {} }, eventStore: eventStore(drill) })), "event-store"),
      );
      return [Number(drilled?.pods) - Number(without?.pods), Number(drilled?.volumes) - Number(without?.volumes ?? 0)];
    };
    const kurrentDb = volumesOf((drill) => ({ engine: "kurrentdb", nodes: 3, backup: { ...backup, ...drill } }));
    expect(kurrentDb[1]).toBe(1);
    for (const engine of ["cloudnative-pg", "rds"]) {
      const server = { engine, ...(engine === "rds" ? { replicas: 0 } : {}) };
      expect(volumesOf((drill) => ({ engine: "postgres", server, streamBackup: { ...backup, ...drill } }))).toEqual(kurrentDb);
    }
  });
});
