import { KurrentCloud, type KurrentCloudProps, KurrentCloudProvider, kurrentCloudEventStore } from "../../constructs/event-store";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const props: KurrentCloudProps = {
  name: ["orders", "production"],
  size: "production",
  region: "eu-west-1",
  cidr: "10.128.0.0/20",
  peer: { account: "111122223333", vpcId: "vpc-1", cidr: "10.0.0.0/16" },
  backup: { every: "1h", keep: "30d" },
  protect: true,
};

const made = (changes: object = {}): Body =>
  synth((stack) => {
    new KurrentCloudProvider(stack, "kurrentcloud");
    new KurrentCloud(stack, "events", { ...props, ...changes });
  });

const clusterOf = (changes: object = {}) => one(made(changes), "kurrentcloud_managed_cluster");

const refused = (changes: object) =>
  refusalsOf((stack) => {
    new KurrentCloudProvider(stack, "kurrentcloud");
    new KurrentCloud(stack, "events", { ...props, ...changes });
  });

/** The settings of a resource, as the provider gets them. */
const settings = ({ "//": _, ...body }: Body) => body;

describe("an event store at Kurrent Cloud", () => {
  it("is in production three nodes over three zones, of the first size that its vendor calls production", () => {
    expect(settings(clusterOf())).toEqual({
      name: "orders-production",
      project_id: expect.stringMatching(/^\$\{kurrentcloud_project\.\w+\.id\}$/),
      network_id: expect.stringMatching(/^\$\{kurrentcloud_network\.\w+\.id\}$/),
      topology: "three-node-multi-zone",
      instance_type: "m32",
      disk_size: 1024,
      disk_type: "gp3",
      disk_iops: 3000,
      disk_throughput: 125,
      server_version: "26.0",
      projection_level: "off",
      protected: true,
      lifecycle: { prevent_destroy: true },
    });
  });

  it("is in development one small node", () => {
    expect(clusterOf({ size: "development" })).toMatchObject({ topology: "single-node", instance_type: "c4", disk_size: 100 });
  });

  it("takes what is said explicitly before what a size means", () => {
    expect(
      clusterOf({ instanceType: "m64", storage: "2Ti", iops: 8000, throughput: 500, version: "24.10", projections: "system" }),
    ).toMatchObject({
      instance_type: "m64",
      disk_size: 2048,
      disk_iops: 8000,
      disk_throughput: 500,
      server_version: "24.10",
      projection_level: "system",
    });
  });

  it("is upgraded when its patch changes, and by nothing else", () => {
    expect(clusterOf()).not.toHaveProperty("server_version_tag");
    expect(clusterOf({ patch: "26.0.3" })).toMatchObject({ server_version: "26.0", server_version_tag: "26.0.3" });
  });

  it("goes where nothing is kept", () => {
    expect(clusterOf({ protect: false })).toMatchObject({ protected: false, lifecycle: { prevent_destroy: false } });
  });

  it("lies in a private network of its own, which asks one VPC for peering and knows the way back", () => {
    const json = made();
    expect(settings(one(json, "kurrentcloud_network"))).toMatchObject({
      resource_provider: "aws",
      region: "eu-west-1",
      cidr_block: "10.128.0.0/20",
    });
    expect(one(json, "kurrentcloud_network")).not.toHaveProperty("public_access");
    expect(settings(one(json, "kurrentcloud_peering"))).toMatchObject({
      peer_resource_provider: "aws",
      peer_network_region: "eu-west-1",
      peer_account_id: "111122223333",
      peer_network_id: "vpc-1",
      routes: ["10.0.0.0/16"],
    });
  });

  it.each([
    ["1h", "30d", "0 */1 * * *", 720],
    ["6h", "7d", "0 */6 * * *", 28],
    ["60m", "1d", "0 */1 * * *", 24],
    ["1d", "365d", "0 3 * * *", 365],
    ["7d", "90d", "0 3 * * 0", 12],
  ])("is backed up every %s, kept %s", (every, keep, schedule, count) => {
    expect(one(made({ backup: { every, keep } }), "kurrentcloud_scheduled_backup")).toMatchObject({ schedule, max_backup_count: count });
  });

  it("takes its credentials from whoever applies", () => {
    expect(made().provider.kurrentcloud).toEqual([{}]);
    expect(made().terraform.required_providers.kurrentcloud).toEqual({ source: "kurrent-io/kurrentcloud", version: "~> 3.1" });
  });

  it("shows the connection to accept", () => {
    const json = synth((stack) => {
      const { peeringConnectionId } = new KurrentCloud(stack, "events", props);
      stack.addOverride("output.link.value", peeringConnectionId);
    });
    const [id] = Object.keys(json.resource.kurrentcloud_peering);
    expect(json.output.link.value).toBe(`\${kurrentcloud_peering.${id}.provider_metadata["aws_peering_link_id"]}`);
  });

  it.each<[object, string]>([
    [
      { cidr: "10.128.0.0/25" },
      'cidr: "10.128.0.0/25" is not a network that Kurrent Cloud supports; use a block from /8 to /24, like 10.128.0.0/20',
    ],
    [
      { cidr: "10.128.1.0/20" },
      'cidr: "10.128.1.0/20" is not a network that Kurrent Cloud supports; use a block from /8 to /24, like 10.128.0.0/20',
    ],
    [
      { cidr: "8.8.0.0/16" },
      'cidr: "8.8.0.0/16" is a public address range; use addresses of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10',
    ],
    [
      { cidr: "10.0.16.0/20" },
      'cidr: "10.0.16.0/20" overlaps 10.0.0.0/16 of its peer, so that the two can\'t be joined; give one of them other addresses',
    ],
    [{ instanceType: "M32" }, 'instanceType: "M32" is not a supported node size; use one of f1, c4, m8, m16, m32, m64, m128'],
    [{ storage: "7Gi" }, 'storage: "7Gi" is not a disk size of Kurrent Cloud; use whole GiB from 8Gi to 4096Gi'],
    [{ storage: "5Ti" }, 'storage: "5Ti" is not a disk size of Kurrent Cloud; use whole GiB from 8Gi to 4096Gi'],
    [{ storage: "10.5Gi" }, 'storage: "10.5Gi" is not a disk size of Kurrent Cloud; use whole GiB from 8Gi to 4096Gi'],
    [{ storage: "100" }, 'storage: "100" has no unit; use one of Ki, Mi, Gi, Ti, like "16Gi"'],
    [{ iops: 2999 }, "iops: 2999 operations a second are not what a disk of 1024Gi does; use a whole number from 3000 to 16000"],
    [
      { storage: "8Gi", iops: 5000 },
      "iops: 5000 operations a second are not what a disk of 8Gi does; use a whole number from 3000 to 4000",
    ],
    [
      { throughput: 1000 },
      "throughput: 1000 MB a second are not what a disk with 3000 operations a second does; use a whole number from 125 to 750",
    ],
    [
      { patch: "24.10.14" },
      'patch: "24.10.14" is not a patch release of 26.0; name one that begins with 26.0., or the line that it belongs to',
    ],
    [
      { backup: { every: "5h", keep: "30d" } },
      'backup: "5h" is not a backup interval that Kurrent Cloud supports; use one of 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 7d',
    ],
    [
      { backup: { every: "30m", keep: "30d" } },
      'backup: "30m" is not a backup interval that Kurrent Cloud supports; use one of 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 7d',
    ],
    [
      { backup: { every: "1d", keep: "12h" } },
      'backup: "12h" ends before the next backup, 1d later; keep backups longer than the time between them',
    ],
    [{ backup: { every: "1x", keep: "12h" } }, 'backup: "1x" has an unknown unit "x"; use one of s, m, h, d, like "30d"'],
  ])("is refused with %j", (changes, message) => {
    expect(refused(changes)).toEqual([`test/events.${message}`]);
  });

  it("is known to workloads by its own users, over TLS that every image trusts, and by the addresses of its network", () => {
    const credentials = (key: string) => ({
      user: { secret: SECRET, home: "event-store", key: `${key}-user` },
      password: { secret: SECRET, home: "event-store", key },
    });
    const users = { commands: credentials("commands"), subscriptions: credentials("subscriptions") };
    const access = { name: "event-store", host: "c1.mesdb.eventstore.cloud", cidr: "10.128.0.0/20", clustered: true, users };
    const { protocol, connections } = kurrentCloudEventStore(access);
    expect(protocol).toBe("kurrentdb");
    expect(connections.subscriptions).toEqual({
      name: "event-store",
      facts: { host: "c1.mesdb.eventstore.cloud", port: "2113", ...credentials("subscriptions") },
      variables: { EVENT_STORE_URL: "esdb+discover://{user}:{password}@{host}:{port}?tls=true" },
      authority: "public",
      egress: [{ name: "event-store", peer: { cidr: "10.128.0.0/20" }, ports: [2113] }],
      ready: { host: "c1.mesdb.eventstore.cloud", port: 2113 },
    });
    expect(connections.commands.facts).toMatchObject(credentials("commands"));
    expect(kurrentCloudEventStore({ ...access, clustered: false }).connections.commands.variables.EVENT_STORE_URL).toMatch(/^esdb:/);
  });

  it("asks for no other resources than those", () => {
    expect(Object.keys(made().resource).sort()).toEqual([
      "kurrentcloud_managed_cluster",
      "kurrentcloud_network",
      "kurrentcloud_peering",
      "kurrentcloud_project",
      "kurrentcloud_scheduled_backup",
    ]);
    expect(all(made(), "kurrentcloud_managed_cluster")).toHaveLength(1);
  });
});

const SECRET = {
  name: "event-store-users",
  purpose: "users of the event store",
  keys: { commands: { length: 32 }, subscriptions: { length: 32 } },
  rotation: { method: "engine-first", clients: "restart", engine: "POST /users/{user}/command/reset-password" },
} as const;
