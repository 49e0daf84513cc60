import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";

const eventStore = { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } };
const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };

const stacksOf = (changes: object) => synthesisOf(aProgram(anEnvironment({ cluster, eventStore, ...changes }))).stacks;
const stacks = stacksOf({});
const jsonOf = (part: string): Body => stacks.get(`test-${part}`)?.json ?? {};

describe("an event store at its vendor", () => {
  it("needs the vendor's provider and no other, in a state that is kept where the others are", () => {
    const { terraform, provider } = jsonOf("event-store");
    expect(Object.keys(terraform.required_providers)).toEqual(["kurrentcloud"]);
    expect(provider).toEqual({ kurrentcloud: [{}] });
    expect(terraform.backend.s3).toMatchObject({ key: "test/event-store.tfstate", encrypt: true, use_lockfile: true });
  });

  it("is asked to join the environment's network", () => {
    expect(one(jsonOf("event-store"), "kurrentcloud_peering")).toMatchObject({
      peer_account_id: "111122223333",
      peer_network_region: "eu-west-1",
      peer_network_id: "${data.terraform_remote_state.test-network.outputs.vpc_id}",
      routes: ["${data.terraform_remote_state.test-network.outputs.vpc_cidr}"],
    });
  });

  it("is kept, unless the environment is disposable", () => {
    const protectedIn = (changes: object) => {
      const { protected: guarded, lifecycle } = one(
        stacksOf(changes).get("test-event-store")?.json as Body,
        "kurrentcloud_managed_cluster",
      );
      return [guarded, lifecycle.prevent_destroy];
    };
    expect(protectedIn({})).toEqual([true, true]);
    expect(protectedIn({ exceptions: { disposable: "thrown away daily" } })).toEqual([false, false]);
  });

  it("publishes its name and the peering that it asked for, and no secret", () => {
    expect(Object.keys(jsonOf("event-store").output)).toEqual(["event_store_host", "peering_connection_id"]);
  });

  it("is waited for by the peering and its users alone", () => {
    const readers = [...stacks].filter(([, { json }]) => "test-event-store" in ((json as Body).data?.terraform_remote_state ?? {}));
    expect(readers.map(([id]) => id)).toEqual(["test-peering", "test-event-store-users"]);
  });

  it("comes with its peering and its users after everything that does not need it", () => {
    expect([...stacks.keys()].slice(-3)).toEqual(["test-event-store", "test-peering", "test-event-store-users"]);
  });

  it("has neither network nor peering where it runs on a cluster", () => {
    const found = stacksOf({ eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" } });
    const there = [...found.keys()];
    expect(all(found.get("test-event-store")?.json as Body, "kurrentcloud_network")).toEqual([]);
    expect(there).not.toContain("test-peering");
  });
});

describe("its users", () => {
  const json = jsonOf("event-store-users");

  it("are made where commands are taken, after the way to it is there, and by the name that its stack publishes", () => {
    expect(
      stacks
        .get("test-event-store-users")
        ?.stack.dependencies.map(({ node: { id } }) => id)
        .sort(),
    ).toEqual(["test-cluster", "test-data", "test-event-store", "test-network", "test-peering", "test-platform"]);
    const [{ env }] = one(json, "kubernetes_job_v1", "first/job").spec.template.spec.container;
    expect(env).toContainEqual({
      name: "SEED",
      value: "https://${data.terraform_remote_state.test-event-store.outputs.event_store_host}:2113",
    });
  });

  it("have a namespace of their own, and their passwords from Secrets Manager", () => {
    expect(one(json, "kubernetes_namespace_v1").metadata.name).toBe("event-store");
    const names = all(json, "helm_release").map(({ name }) => name);
    expect(names).toEqual(["secret-event-store-admin", "secret-event-store-commands", "secret-event-store-subscriptions"]);
    const kept = all(jsonOf("data"), "aws_secretsmanager_secret").map(({ name }) => `secret-${name.replace("orders-test-", "")}`);
    expect(kept).toEqual(names);
  });

  it("come with the persistent subscriptions of the environment, whose streams a projection has to fill", () => {
    const persistentSubscriptions = [{ stream: "$ce-order", group: "billing" }];
    const program = (changes: object) =>
      aProgram(anEnvironment({ cluster, eventStore: { ...eventStore, persistentSubscriptions, ...changes } }));
    expect(() => synthesisOf(program({}))).toThrow(
      'test.eventStore.persistentSubscriptions[0].stream: "$ce-order" stays empty, because no projection fills it; set eventStore.projections to "system"',
    );
    const filled = synthesisOf(program({ projections: "system" })).stacks;
    expect(one(filled.get("test-event-store")?.json ?? {}, "kurrentcloud_managed_cluster").projection_level).toBe("system");
    expect(one(filled.get("test-event-store-users")?.json ?? {}, "kubernetes_config_map_v1", "users/files").data).toHaveProperty([
      "0.path",
    ]);
  });

  it("name the secret that a person fills, wherever it is", () => {
    const filled = (body: Body) =>
      one(body, "kubernetes_job_v1", "first/job").spec.template.spec.container[0].env.find(({ name }: Body) => name === "FILLED").value;
    expect(filled(json)).toBe("write the one that the vendor shows to orders-test-event-store-admin");
    const there = stacksOf({ cluster: { context: "on-premises" } }).get("test-event-store-users")?.json as Body;
    expect(filled(there)).toBe("write the one that the vendor shows to the Secret event-store-admin");
  });
});

describe("the peering stack", () => {
  it("accepts what the vendor asked for, and routes to it from the nodes of each zone", () => {
    const json = jsonOf("peering");
    expect(one(json, "aws_vpc_peering_connection_accepter").vpc_peering_connection_id).toBe(
      "${data.terraform_remote_state.test-event-store.outputs.peering_connection_id}",
    );
    expect(all(json, "aws_route").map(({ route_table_id, destination_cidr_block }) => [route_table_id, destination_cidr_block])).toEqual(
      [0, 1, 2].map((zone) => [
        `\${element(data.terraform_remote_state.test-network.outputs.node_route_table_ids, ${zone})}`,
        "10.128.0.0/20",
      ]),
    );
  });

  it("makes no routes in a network that somebody else looks after", () => {
    const ids = (use: string) => [1, 2, 3].map((zone) => `subnet-0000000${use}${zone}`.slice(0, 15));
    const network = { vpc: "vpc-0a1b2c3d", subnets: { public: ids("a"), private: ids("b"), data: ids("c") } };
    const { resource }: Body = stacksOf({ aws: { ...anEnvironment().aws, network } }).get("test-peering")?.json ?? {};
    expect(Object.keys(resource)).toEqual(["aws_vpc_peering_connection_accepter"]);
  });
});
