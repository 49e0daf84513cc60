import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import * as fc from "fast-check";
import type { Program } from "../../stacks";
import { EXISTING_PARTS } from "../../stacks/model/cluster";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { program } from "../fixtures/environments";
import { AUTHORITIES } from "../gateway/authorities";
import { runs } from "../thorough";

/** What is said about one environment that differs from a sound one. */
function complaints(changes: object): readonly string[] {
  return errorsOf(aProgram(anEnvironment(changes)));
}

const aws = anEnvironment().aws as object;
const node = { cpu: 4, memory: "16Gi", storage: "100Gi" };
const image = "registry.example.com/orders/api:1.0.0";

describe("a program", () => {
  it("is accepted if nothing is wrong with it", () => {
    expect(errorsOf(program)).toEqual([]);
  });

  it("has everything that is wrong with it said at once", () => {
    const hopeless = {
      name: "UPPER",
      wirteCluster: {},
      aws: { account: 111122223333, region: "eu-west1", domain: "x" },
      cluster: { nodes: { min: 5, max: 3 }, node: { cpu: 4, memory: "0x10Gi", storage: "500GB" } },
      eventStore: { engine: "kurrentdb", nodes: 4, storage: "-5Gi" },
      cache: { engine: "redis" },
    };
    expect(errorsOf(aProgram(hopeless))).toEqual([
      "UPPER.system: is missing; use lower-case letters, digits and hyphens",
      'UPPER.name: "UPPER" can\'t begin every cloud name; use lower-case letters, digits and single hyphens, beginning with a letter',
      'UPPER.aws.account: 111122223333 must be an AWS account id; write its twelve digits in quotes, like "111122223333"',
      'UPPER.aws.region: "eu-west1" is not a supported region; did you mean "eu-west-1"?',
      'UPPER.aws.domain: "x" is not a valid domain; write one like orders.example.com',
      'UPPER.cluster.node.memory: "0x10Gi" is not a size; write a number and a unit, like "16Gi"',
      'UPPER.cluster.node.storage: "500GB" has an unknown unit "GB"; use one of Ki, Mi, Gi, Ti, like "16Gi"',
      'UPPER.eventStore.storage: "-5Gi" is not a size; write a number and a unit, like "16Gi"',
      'UPPER.cache.engine: "redis" is not a supported engine here; use one of elasticache, valkey',
      'UPPER.wirteCluster: is not a setting here; did you mean "writeCluster"?',
      'UPPER.cluster.nodes: {"min":5,"max":3} has a minimum above its maximum; swap the two',
      "UPPER.eventStore.nodes: 4 gives no better quorum than 3 and can split evenly; use 3 or 5",
      'UPPER.eventStore.engine: "kurrentdb" has no backups, so its data is lost with its volumes; set backup: { every: "15m", keep: "28d" }, or say in exceptions.noBackup why that is acceptable',
    ]);
  });

  it.each([[null], [3], ["production"], [[]], [{}]])("survives an environment that is %p", (environment) => {
    expect(errorsOf(aProgram(environment as unknown as object)).join("\n")).toMatch(/^environments\[0\]/);
  });
});

describe("whatever is written", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
  });
  const keys = Object.keys(program.environments.at(-1) ?? {});

  it("is answered with messages of one form, and never with a crash", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), anything), (parts) => {
        for (const message of errorsOf(aProgram({ ...anEnvironment(), ...parts }))) expect(message).toMatch(/^\S[^\n]*: [^\n]+; [^\n]+$/);
      }),
      { numRuns: runs(100) },
    );
  });

  it.each([
    [
      { cache: { engine: "constructor" } },
      'test.cache.engine: "constructor" is not a supported engine here; use one of elasticache, valkey',
    ],
    [{ eventStore: null }, "test.eventStore: null must be an object; write { … }"],
    [{ eventStore: "kurrentdb" }, 'test.eventStore: "kurrentdb" must be an object; write { … }'],
    [{ exceptions: [] }, "test.exceptions: [] must be an object; write { … }"],
    [
      { authorization: JSON.parse('{"constructor": 5}') },
      "test.authorization.constructor: can't be a key, because every JavaScript object has it; use another name",
    ],
    [{ aws: { ...aws, network: { zones: [1, null, "eu-west-1a"] } } }, "test.aws.network.zones[0]: 1 must have text; write a word or more"],
    [
      { aws: { ...aws, domain: "a\nb" } },
      'test.aws.domain: "a\\nb" has a line break or another control character; write one line of plain text',
    ],
    [{ aws: { ...aws, acount: "111122223333", account: undefined } }, 'test.aws.acount: is not a setting here; did you mean "account"?'],
  ])("%j is answered", (changes, message) => {
    expect(complaints(changes)[0]).toBe(message);
  });

  it.each([null, undefined, {}, { accounts: null, environments: [] }, { accounts: [] }])("may be no program at all: %j", (input) => {
    expect(errorsOf(input as unknown as Program)).toEqual([
      expect.stringMatching(/^(accounts|environments): .*must be a list; write \[ … \]$/),
    ]);
  });

  it("is not there where it is undefined: no default is lost by it", () => {
    expect(complaints({ aws: { ...aws, recoveryRegion: undefined } })[0]).toMatch(/^test\.aws\.recoveryRegion: is missing/);
    expect(
      complaints({ eventStore: { engine: "kurrentdb", nodes: 1, storage: "10Gi" }, exceptions: { disposable: undefined } })[0],
    ).toMatch(/loses the event store with its node/);
  });
});

describe("every value", () => {
  it.each<[object, string]>([
    [{ naem: 1 }, 'test.naem: is not a setting here; did you mean "name"?'],
    [
      { aws: { account: "111122223333", recoveryRegion: "eu-central-1", domain: "a.example.com" } },
      expect.stringMatching(/^test\.aws\.region: is missing; /) as never,
    ],
    [
      { aws: { ...aws, zone: "/hostedzone/Z0123456789" } },
      'test.aws.zone: "/hostedzone/Z0123456789" must be the id of a hosted zone; copy it from Route 53, like Z0123456789ABCDEFGHIJ',
    ],
    [
      { aws: { ...aws, account: "1111-2222-3333" } },
      'test.aws.account: "1111-2222-3333" must be an AWS account id; write its twelve digits in quotes, like "111122223333"',
    ],
    [
      { aws: { ...aws, account: "999999999999" } },
      'test.aws.account: "999999999999" is not an account of this program, so there is no bucket for its state; add it to environments/accounts.ts',
    ],
    [{ aws: { ...aws, tags: { environment: "x" } } }, 'test.aws.tags.environment: "x" is a tag that the platform sets; leave it out'],
    [
      { aws: { ...aws, tags: { team: "" } } },
      'test.aws.tags.team: "" is empty, and every plan would show it as a change; give it a value, or leave the tag out',
    ],
    [
      { aws: { ...aws, logRetention: "45d" } },
      'test.aws.logRetention: "45d" is not a retention period of CloudWatch Logs; use "60d", or one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 days',
    ],
    [
      { aws: { ...aws, network: { readableBuckets: ["Bad_Bucket"] } } },
      'test.aws.network.readableBuckets[0]: "Bad_Bucket" is not a valid bucket name; write one like quayio-production-s3',
    ],
    [{ aws: { ...aws, tags: { team: 7 } } }, "test.aws.tags.team: 7 is not a valid tag value; write it in quotes"],
    [
      { authentication: { issuer: "http://a.example.com", audience: "a", jwks: "https://a.example.com/keys" } },
      'test.authentication.issuer: "http://a.example.com" is not an address that can be trusted; write one that begins with https://',
    ],
    [{ authorization: { CreateOrder: [] } }, "test.authorization.CreateOrder: [] is empty; name the roles that may"],
    [
      { cluster: { context: "kind" }, monitoring: { prometheus: "yes" } },
      'test.monitoring.prometheus: "yes" is neither on nor off; use true or false',
    ],
    [{ exceptions: { disposible: "thrown away daily" } }, 'test.exceptions.disposible: is not a setting here; did you mean "disposable"?'],
    [{ exceptions: { disposable: "yes" } }, 'test.exceptions.disposable: "yes" is not a reason; say in a sentence why that is right here'],
    [
      { cluster: { context: "kind" }, readDatabase: { engine: "cloudnative-pg", name: "d".repeat(33) } },
      `test.readDatabase.name: "${"d".repeat(33)}" is not a valid name; use up to 32 lower-case letters, digits and hyphens, beginning with a letter`,
    ],
    [{ backup: { keep: "36h" } }, 'test.backup.keep: "36h" must be a whole number of days, the unit of S3; use days, like "35d"'],
  ])("%j", (changes, message) => {
    expect(complaints(changes)).toEqual([message]);
  });
});

describe("the key that tokens are verified with", () => {
  const tokens = { issuer: "https://a.example.com", audience: "orders" };
  // Nobody has the other halves: to draw a pair of RSA takes longer than all the other tests of rules.
  const rsa = (bits: number) =>
    createPublicKey({ key: { kty: "RSA", e: "AQAB", n: Buffer.alloc(bits / 8, 0xff).toString("base64url") }, format: "jwk" });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = (key: KeyObject, type: "spki" | "pkcs8" = "spki") => key.export({ format: "pem", type }).toString();
  const long = rsa(2048);

  it("is one of RSA, of 2048 bits or more, or one that the issuer publishes", () => {
    expect(complaints({ authentication: { ...tokens, publicKey: pem(long) } })).toEqual([]);
    expect(complaints({ authentication: { ...tokens, jwks: "https://a.example.com/keys" } })).toEqual([]);
  });

  it.each([
    [
      "somebody's private one",
      pem(ec.privateKey, "pkcs8"),
      "is a private key, which is its issuer's alone; have it replaced, and write the public one",
    ],
    ["a short one", pem(rsa(1024)), "is too short to be trusted; use one of 2048 bits or more"],
    ["one of ES256", pem(ec.publicKey), "signs nothing by RS256; write a key of RSA"],
    [
      "a broken one",
      "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
      "must be a public key; write it as PEM, which begins with -----BEGIN PUBLIC KEY-----",
    ],
    [
      "a certificate, which has more in it",
      AUTHORITIES.own,
      "must be a public key; write it as PEM, which begins with -----BEGIN PUBLIC KEY-----",
    ],
    ["a path", "keys/public.pem", "must be a public key; write it as PEM, which begins with -----BEGIN PUBLIC KEY-----"],
  ])("is not %s", (_, publicKey, message) => {
    const [said, ...more] = complaints({ authentication: { ...tokens, publicKey } });
    expect(more).toEqual([]);
    expect(said).toMatch(/^test\.authentication\.publicKey: /);
    expect(said).toContain(message);
  });

  it("is said, and in one way", () => {
    expect(complaints({ authentication: tokens })).toEqual(["test.authentication.jwks: is missing; write one that begins with https://"]);
    const both = { ...tokens, publicKey: pem(long), jwks: "https://a.example.com/keys" };
    expect(complaints({ authentication: both })).toEqual([expect.stringMatching(/^test\.authentication\.jwks: is not a setting here; /)]);
  });
});

describe("an image", () => {
  const complaintsAbout = (written: unknown) =>
    complaints({
      cluster: { nodes: 3, node },
      eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" },
      commandProcessors: { image: written, replicas: 1 },
    });

  it.each([image, "nginx:1.29", `registry.example.com:5000/a/b@sha256:${"a".repeat(64)}`, `a:latest@sha256:${"0".repeat(64)}`])(
    "may be %s",
    (written) => {
      expect(complaintsAbout(written)).toEqual([]);
    },
  );

  it.each(["orders", "orders:latest", "registry.example.com:5000/orders", "orders:main"])(
    "may not change under a running system: %s",
    (written) => {
      expect(complaintsAbout(written)).toEqual([
        `test.commandProcessors.image: "${written}" can change under a running system; name a version or a digest, like registry.example.com/orders/api:1.0.0`,
      ]);
    },
  );

  it.each(["", "Orders:1", "orders@sha256:12", "orders//api:1", "orders/api/:1", "or..ders:1", 3])("may not be %p", (written) => {
    expect(complaintsAbout(written)[0]).toMatch(/must be an image reference/);
  });

  it("may be called by 255 characters", () => {
    expect(complaintsAbout(`orders/${"a".repeat(248)}:1`)).toEqual([]);
    expect(complaintsAbout(`orders/${"a".repeat(249)}:1`)).toEqual([
      `test.commandProcessors.image: "orders/${"a".repeat(69)}... has a name of 256 characters; use one of up to 255`,
    ]);
  });
});

describe("clusters", () => {
  it("are one or two", () => {
    expect(complaints({ cluster: { nodes: 3, node }, writeCluster: { nodes: 3, node }, readCluster: { nodes: 3, node } })).toEqual([
      "test.cluster: can't be combined with writeCluster or readCluster; keep either the one cluster or the two",
    ]);
    expect(complaints({ writeCluster: { nodes: 3, node } })).toEqual([
      "test.readCluster: is required with writeCluster; add it, or write one cluster for both",
    ]);
  });

  it("that exist are one for each side and each environment: what is made in them is called alike", () => {
    const context = "on-premises";
    const both = (kubeconfig: object) => complaints({ aws: undefined, writeCluster: { context }, readCluster: { context, ...kubeconfig } });
    expect(both({})).toEqual([`test.readCluster.context: "on-premises" is the writeCluster's as well; write one cluster for both`]);
    expect(both({ kubeconfig: "~/.kube/config" })).toHaveLength(1);
    expect(both({ kubeconfig: "~/.kube/other" })).toEqual([]);

    const environment = (cluster: object) => anEnvironment({ aws: undefined, cluster: { context, ...cluster } });
    const two = (cluster: object, other: object) => errorsOf(aProgram(environment(cluster), { ...environment(other), name: "other" }));
    const message = `other.cluster.context: "on-premises" is also a cluster of test, and their namespaces have the same names; give each environment a separate cluster, or set shared in all of them`;
    expect(two({}, {})).toEqual([message]);
    expect(two({ shared: true }, {})).toEqual([message]);
    const preinstalled = EXISTING_PARTS;
    expect(two({ shared: true }, { shared: true, preinstalled })).toEqual([]);
  });

  it("that environments share get each component from one of them", () => {
    const cluster = { context: "on-premises", shared: true };
    const preinstalled = ["cert-manager", "gateway-api", "nginx-gateway-fabric"];
    const environment = (changes: object) => anEnvironment({ aws: undefined, cluster, ...changes });
    const errors = (changes: object) => errorsOf(aProgram(environment({}), environment({ name: "other", ...changes })));
    expect(errors({ cluster: { ...cluster, preinstalled } })).toEqual([
      'other.cluster.preinstalled: leaves out external-secrets, metrics-server, which another environment installs on the same cluster; write ["cert-manager","gateway-api","nginx-gateway-fabric","external-secrets","metrics-server"], and deploy test first',
    ]);
    expect(errors({ cluster: { ...cluster, context: "another" } })).toEqual([]);
    expect(errors({ cluster: { ...cluster, preinstalled: EXISTING_PARTS } })).toEqual([]);
  });

  it("that environments share are compared also while settings are wrong", () => {
    const environment = (changes: object) =>
      anEnvironment({ aws: undefined, cluster: { context: "on-premises", shared: true }, ...changes });
    const odd = { stores: { data: { engine: "postgrse" } }, domains: { shop: { services: { web: { replicas: "many" } } } }, eventStore: 1 };
    const errors = errorsOf(aProgram(environment({}), environment({ name: "other", ...odd } as object)));
    expect(errors.filter((error) => error.startsWith("other.cluster.preinstalled"))).toHaveLength(1);
    expect(errors).toContainEqual(expect.stringContaining('other.stores.data.engine: "postgrse"'));
  });

  it("that exist are found from wherever Terraform runs", () => {
    const at = (kubeconfig: string) => complaints({ aws: undefined, cluster: { context: "kind-orders", kubeconfig } });
    for (const found of ["~/.kube/other", "/etc/kubeconfig", "C:\\Users\\me\\config"]) expect(at(found)).toEqual([]);
    expect(at("./kubeconfig")).toEqual([
      'test.cluster.kubeconfig: "./kubeconfig" is looked for where Terraform runs, which is elsewhere; write the whole path, or one from ~/',
    ]);
  });

  it("are made on AWS or exist already", () => {
    expect(complaints({ aws: undefined, cluster: { context: "kind-orders" } })).toEqual([]);
    expect(complaints({ aws: undefined, cluster: { nodes: 3, node } })).toEqual([
      "test.cluster: is made on AWS, and the environment has no aws; add aws, or name an existing cluster by its context",
    ]);
  });
});

describe("an existing cluster", () => {
  const allocatable = { zones: { "dc-1": 2, "dc-2": 2 }, cpu: 8, memory: "32Gi" };
  const about = (cluster: object) => complaints({ aws: undefined, cluster: { context: "on-premises", ...cluster } });

  it("may say all that there is to say of it", () => {
    const preinstalled = ["cert-manager", "metrics-server"];
    expect(about({ kubeconfig: "~/.kube/orders", storageClass: "fast", preinstalled, allocatable: { ...allocatable, pods: 250 } })).toEqual(
      [],
    );
  });

  it.each<[object, string]>([
    [
      { kubeconfig: "" },
      'test.cluster.kubeconfig: "" is looked for where Terraform runs, which is elsewhere; write the whole path, or one from ~/',
    ],
    [
      { kubeconfig: 7 },
      "test.cluster.kubeconfig: 7 is looked for where Terraform runs, which is elsewhere; write the whole path, or one from ~/",
    ],
    [
      { storageClass: "Fast SSD" },
      'test.cluster.storageClass: "Fast SSD" is not a valid name in Kubernetes; use lower-case letters, digits, hyphens and dots',
    ],
    [{ preinstalled: [] }, "test.cluster.preinstalled: [] is empty; name parts, or leave it out"],
    [{ preinstalled: "keda" }, 'test.cluster.preinstalled: "keda" must be a list; name parts, or leave it out'],
    [
      { preinstalled: ["cert-manger"] },
      'test.cluster.preinstalled[0]: "cert-manger" is not a supported preinstalled component; did you mean "cert-manager"?',
    ],
    [
      { preinstalled: ["karpenter"] },
      'test.cluster.preinstalled[0]: "karpenter" is not a supported preinstalled component; use one of cert-manager, cloudnative-pg, ' +
        "external-secrets, gateway-api, keda, metrics-server, nginx-gateway-fabric, prometheus-operator-crds, snapshot-controller",
    ],
    [{ allocatable: 4 }, "test.cluster.allocatable: 4 must be an object; write { … }"],
    [
      { allocatable: { ...allocatable, zones: { "dc-1": 0 } } },
      "test.cluster.allocatable.zones.dc-1: 0 is not possible here; use a whole number from 1 to 1000",
    ],
    [
      { allocatable: { ...allocatable, cpu: "8GHz" } },
      'test.cluster.allocatable.cpu: "8GHz" must be a valid number of cores; write cores as a number, like 2 or 0.5, or thousandths, like "500m"',
    ],
    [
      { allocatable: { ...allocatable, memory: "32GB" } },
      'test.cluster.allocatable.memory: "32GB" has an unknown unit "GB"; use one of Ki, Mi, Gi, Ti, like "16Gi"',
    ],
    [
      { allocatable: { ...allocatable, pods: 0 } },
      "test.cluster.allocatable.pods: 0 is not possible here; use a whole number from 1 to 1000",
    ],
    [{ allocatable: { ...allocatable, nodes: 4 } }, 'test.cluster.allocatable.nodes: is not a setting here; did you mean "zones"?'],
    [
      { allocatable: { zones: allocatable.zones, memory: "32Gi" } },
      'test.cluster.allocatable.cpu: is missing; write cores as a number, like 2 or 0.5, or thousandths, like "500m"',
    ],
    [
      { nodes: 3 },
      "test.cluster.nodes: is not a setting here; use one of context, kubeconfig, storageClass, preinstalled, shared, allocatable",
    ],
  ])("is told what is wrong with %j", (cluster, message) => {
    expect(about(cluster)).toEqual([message]);
  });

  it("is the only one that has anything from elsewhere", () => {
    expect(complaints({ cluster: { nodes: 3, node, preinstalled: ["keda"] } })).toEqual([
      "test.cluster.preinstalled: is not a setting here; use one of nodes, node, version, nodeVersion, support",
    ]);
  });
});

describe("a mirror", () => {
  it.each(["registry.example.com", "registry.example.com:5000/mirror/of-all"])("may be %s", (mirror) => {
    expect(complaints({ mirror })).toEqual([]);
  });

  it.each(["oci://registry.example.com", "https://registry.example.com/mirror", "registry.example.com/", "Registry.example.com", ""])(
    "may not be %p",
    (mirror) => {
      expect(complaints({ mirror })).toEqual([
        `test.mirror: ${JSON.stringify(mirror)} is not a valid registry; write one like registry.example.com/mirror, without oci://`,
      ]);
    },
  );
});

describe("the nodes of clusters", () => {
  const kurrentDb = { engine: "kurrentdb", nodes: 3, storage: "10Gi" };

  it("are of a size that EC2 offers", () => {
    expect(complaints({ cluster: { nodes: 3, node: { cpu: 4, memory: "20Gi", storage: "10Gi" } } })).toEqual([
      'test.cluster.node: "4 cores with 20Gi" is not a size that EC2 offers; use 4 cores with 16Gi or 4 cores with 32Gi',
      'test.cluster.node.storage: "10Gi" is too small for images and logs; use 20Gi or more',
    ]);
  });

  it("are as many as the event store has, where it is on them", () => {
    const message = "is fewer than the 3 nodes of the event store, each of which needs one of its own; use 3 or more";
    expect(complaints({ cluster: { nodes: 2, node }, eventStore: kurrentDb })).toEqual([`test.cluster.nodes: 2 ${message}`]);
    expect(
      complaints({ writeCluster: { nodes: { min: 2, max: 9 }, node }, readCluster: { nodes: 1, node }, eventStore: kurrentDb }),
    ).toEqual([`test.writeCluster.nodes: {"min":2,"max":9} ${message}`]);
  });

  it("can be Graviton's where nothing on them needs another processor", () => {
    const graviton = { nodes: 3, node: { ...node, architecture: "arm64" } };
    expect(complaints({ writeCluster: graviton, readCluster: graviton, eventStore: kurrentDb })).toEqual([
      'test.writeCluster.node.architecture: "arm64" is not possible: KurrentDB has no ARM image; use "amd64"',
    ]);
    const cloud = { engine: "kurrent-cloud", size: "development", backup: { every: "6h", keep: "7d" } };
    const drilled = { ...cloud, streamBackup: { every: "15m", keep: "28d", drill: "0 5 * * 1" } };
    expect(complaints({ cluster: graviton, eventStore: cloud })).toEqual([]);
    const server = { engine: "aurora", replicas: 0 };
    const postgres = { engine: "postgres", server, streamBackup: { every: "15m", keep: "28d", drill: "0 5 * * 1" } };
    expect(complaints({ cluster: graviton, eventStore: postgres })).toEqual([]);
    expect(complaints({ cluster: graviton, eventStore: drilled })).toEqual([
      'test.cluster.node.architecture: "arm64" is not possible: KurrentDB, into which drills restore, has no ARM image; use "amd64"',
    ]);
    expect(complaints({ cluster: { nodes: 3, node: { ...node, architecture: "arm" } } })).toEqual([
      'test.cluster.node.architecture: "arm" is not a supported node architecture; did you mean "arm64"?',
    ]);
  });

  it("leave out generations that there are, and not all of them", () => {
    const without = (...names: string[]) => complaints({ cluster: { nodes: 3, node: { ...node, excludeGenerations: names } } });
    expect(without("7a", "6a")).toEqual([]);
    expect(without("5i")).toEqual([
      'test.cluster.node.excludeGenerations[0]: "5i" is not a supported instance generation; did you mean "7i"?',
    ]);
    expect(without("8g")).toEqual([
      'test.cluster.node.excludeGenerations: "8g" is not an instance generation of amd64; use some of 7i, 7a, 6i, 6a',
    ]);
    expect(without("7i", "7a", "6i", "6a")).toEqual([
      'test.cluster.node.excludeGenerations: ["7i","7a","6i","6a"] leaves no type that a node could be; keep one of 7i, 7a, 6i, 6a',
    ]);
    expect(without()).toEqual(["test.cluster.node.excludeGenerations: [] is empty; name the generations that a zone has not"]);
  });

  it("follow the version of their cluster, which is a known one", () => {
    expect(complaints({ cluster: { nodes: 3, node, version: "1.36", nodeVersion: "1.35" } })).toEqual([]);
    expect(complaints({ cluster: { nodes: 3, node, version: "1.35", nodeVersion: "1.36" } })).toEqual([
      'test.cluster.nodeVersion: "1.36" is newer than the control plane, which has 1.35; upgrade the control plane first',
    ]);
    expect(complaints({ cluster: { nodes: 3, node, version: "1.21" } })).toEqual([
      'test.cluster.version: "1.21" is not a supported version of Kubernetes; did you mean "1.34"?',
    ]);
  });
});

describe("access to clusters", () => {
  const cluster = { nodes: 3, node };
  const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

  it("is by one kind for each role, from networks that are named", () => {
    expect(
      complaints({ cluster, access: { administrators: [role("platform")], readers: [role("platform")], from: ["0.0.0.0/0"] } }),
    ).toEqual([
      `test.access.readers[0]: "${role("platform")}" is among administrators and readers; keep the one that it needs`,
      'test.access.from: "0.0.0.0/0" opens the API to the internet; name the networks that people and pipelines come from, like 203.0.113.0/24',
    ]);
    expect(complaints({ cluster, access: { administrators: [role("platform")], from: [] } })).toEqual([
      "test.access.from: [] is empty; name the networks that people and pipelines come from, or leave it out",
    ]);
  });

  it("is given where there is one to give it to", () => {
    expect(complaints({ access: { administrators: [role("platform")] } })).toEqual([
      "test.access: is to clusters that are made here, and there is none; remove it, or give access where the existing cluster was made",
    ]);
  });

  it.each([undefined, { readers: [role("support")] }, { deployers: [role("ci")] }])(
    "is an administrator's on every cluster, and %j names none",
    (access) => {
      const program = aProgram(anEnvironment({ cluster, access }));
      const accounts = program.accounts.map((account) => ({ ...account, github: { repository: "example/orders" } }));
      const found = (program: Program) => errorsOf(program).filter((line) => line.startsWith("test.access.administrators: must"));
      expect(found(program)).toEqual([
        "test.access.administrators: must name an IAM role or user: account 111122223333 has no deploy roles, so no principal could administer the cluster; add the ARN of the role that applies, like arn:aws:iam::111122223333:role/platform, or set github on the account",
      ]);
      expect(found({ ...program, accounts })).toEqual([]);
      expect(found(aProgram(anEnvironment({ cluster: { context: "kind-orders" }, access })))).toEqual([]);
    },
  );

  it("is the pipeline's by itself", () => {
    const program = aProgram(anEnvironment({ cluster, access: { administrators: [role("orders/orders-deploy-test")] } }));
    const accounts = program.accounts.map((account) => ({ ...account, github: { repository: "example/orders" } }));
    expect(errorsOf({ ...program, accounts })).toEqual([
      `test.access.administrators: "${role("orders/orders-deploy-test")}" is a role of the pipeline, which has access automatically; leave it out`,
    ]);
    expect(errorsOf(program)).toEqual([]);
  });
});

describe("engines", () => {
  it("of AWS need AWS", () => {
    const changes = {
      aws: undefined,
      cluster: { context: "kind-orders" },
      eventStore: { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } },
      readDatabase: [
        { name: "orders", engine: "aurora", replicas: 1 },
        { name: "search", engine: "cloudnative-pg", instances: 3, storage: "10Gi" },
      ],
      cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 },
    };
    const lives = "lives on AWS, and the environment has no aws; add aws, or choose one that runs on the cluster itself";
    expect(complaints(changes)).toEqual([
      `test.eventStore.engine: "kurrent-cloud" ${lives}`,
      `test.readDatabase[0].engine: "aurora" ${lives}`,
      `test.cache.engine: "elasticache" ${lives}`,
    ]);
  });

  it("stay within their limits", () => {
    expect(complaints({ readDatabase: { engine: "aurora", replicas: 16 } })).toEqual([
      "test.readDatabase.replicas: 16 is not possible here; use a whole number from 0 to 15, as many readers as Aurora has",
    ]);
  });

  it("are named when nobody names one", () => {
    expect(complaints({ cache: { shards: 3 } })).toEqual(["test.cache.engine: is missing; use one of elasticache, valkey"]);
  });
});

describe("an event store", () => {
  it.each([
    [2, "2 gives no better quorum than 1 and can split evenly; use 1 or 3"],
    [4, "4 gives no better quorum than 3 and can split evenly; use 3 or 5"],
    [1, "1 loses the event store with its node; use 3 or 5, or say in exceptions.disposable why nothing here is kept"],
    [7, "7 is not possible here; use a whole number from 1 to 5"],
  ])("of %d nodes is refused", (nodes, message) => {
    expect(complaints({ eventStore: { engine: "kurrentdb", nodes, storage: "10Gi" } })).toEqual([`test.eventStore.nodes: ${message}`]);
  });

  it("may be a single node where nothing is kept", () => {
    expect(
      complaints({ eventStore: { engine: "kurrentdb", nodes: 1, storage: "10Gi" }, exceptions: { disposable: "thrown away daily" } }),
    ).toEqual([]);
  });

  it("keeps a backup until there is a newer one", () => {
    expect(complaints({ eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi", backup: { every: "1d", keep: "1h" } } })).toEqual([
      'test.eventStore.backup.keep: "1h" ends before the next backup, 1d later; keep backups longer than the time between them',
    ]);
  });
});

describe("roles", () => {
  const projections = { image, workers: 5, parallelism: 10 };
  const eventStore = { engine: "kurrentdb", nodes: 3, storage: "10Gi" };
  const readDatabase = { engine: "aurora", replicas: 1 };

  it.each<[object, string]>([
    [
      { backup: { every: "5h", keep: "30d" } },
      'backup.every: "5h" is not a backup interval that Kurrent Cloud supports; use one of 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 7d',
    ],
    [
      { network: { cidr: "10.0.128.0/20" } },
      'network.cidr: "10.0.128.0/20" overlaps 10.0.0.0/16 of its peer, so that the two can\'t be joined; give one of them other addresses',
    ],
    [
      { network: { cidr: "10.128.0.0/28" } },
      'network.cidr: "10.128.0.0/28" is not a network that Kurrent Cloud supports; use a block from /8 to /24, like 10.128.0.0/20',
    ],
    [{ version: "lts" }, 'version: "lts" is not a supported release line of KurrentDB at Kurrent Cloud; use one of 24.10, 26.0'],
    [{ patch: "26.0" }, 'patch: "26.0" is not a patch release of KurrentDB; write one like 26.0.3'],
    [
      { patch: "24.10.14" },
      'patch: "24.10.14" is not a patch release of 26.0; name one that begins with 26.0., or the line that it belongs to',
    ],
  ])("of Kurrent Cloud has %j refused", (changes, message) => {
    const eventStore = { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } };
    expect(complaints({ eventStore: { ...eventStore, ...changes } })).toEqual([`test.eventStore.${message}`]);
  });

  it("of Kurrent Cloud may be upgraded within its line, and lie beside another one of the same addresses, but not on another environment", () => {
    const eventStore = { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } };
    expect(complaints({ eventStore: { ...eventStore, version: "24.10", patch: "24.10.14" } })).toEqual([]);
    const at = (name: string, cidr: string) =>
      anEnvironment({ name, eventStore, aws: { ...aws, domain: `${name}.example.com`, network: { cidr } } });
    expect(errorsOf(aProgram(at("one", "10.1.0.0/16"), at("two", "10.2.0.0/16")))).toEqual([]);
    expect(
      errorsOf(
        aProgram(
          at("one", "10.1.0.0/16"),
          anEnvironment({ name: "two", aws: { ...aws, domain: "two.example.com", network: { cidr: "10.128.0.0/16" } } }),
        ),
      ),
    ).toEqual([
      'one.eventStore.network.cidr: "10.128.0.0/20" overlaps 10.128.0.0/16 of two, so that the two can never be joined; use other addresses',
    ]);
  });

  it("have what they can't do without", () => {
    expect(complaints({ projections })).toEqual([
      "test.projections: needs eventStore: projections read events; add eventStore",
      "test.projections: needs readDatabase: projections write read models; add readDatabase",
      "test.projections: has no cluster to run on; add writeCluster and readCluster, or one cluster",
    ]);
    expect(complaints({ cluster: { nodes: 3, node }, monitoring: { grafana: true } })).toEqual([
      "test.monitoring.grafana: shows what Prometheus collects, and there is none; turn on prometheus, too",
    ]);
  });

  it("that several fill have a name for each", () => {
    const several = (...names: (string | undefined)[]) =>
      complaints({
        cluster: { nodes: 3, node },
        eventStore,
        readDatabase,
        projections: names.map((name) => ({ ...projections, ...(name ? { name } : {}) })),
      });
    expect(several("orders", "search")).toEqual([]);
    expect(several("orders", undefined)).toEqual(["test.projections[1]: is one of several and has no name; name each"]);
    expect(several("orders", "orders")).toEqual([
      'test.projections[1].name: "orders" is the name of projections[0] as well; choose another',
    ]);
    expect(several()).toEqual(["test.projections: [] is empty; write one or several { … }"]);
  });
});

describe("a network", () => {
  const network = (settings: object, exceptions: object = {}) => complaints({ aws: { ...aws, network: settings }, exceptions });

  it.each([
    ["10.0.0.0/24", '"10.0.0.0/24" is outside the supported range; use a prefix from /16 to /21'],
    ["10.0.0.0/8", '"10.0.0.0/8" is outside the supported range; use a prefix from /16 to /21'],
    ["10.0.0.1/16", '"10.0.0.1/16" must be an IPv4 CIDR block without bits set after its prefix; write one like 10.0.0.0/16'],
    ["300.0.0.0/16", '"300.0.0.0/16" must be an IPv4 CIDR block without bits set after its prefix; write one like 10.0.0.0/16'],
    ["8.8.0.0/16", '"8.8.0.0/16" is a public address range; use addresses of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10'],
  ])("can't be %s", (cidr, message) => {
    expect(network({ cidr })).toEqual([`test.aws.network.cidr: ${message}`]);
  });

  it("spans three zones of its region, or two for a reason", () => {
    expect(network({ zones: ["eu-west-1a"] })).toEqual([
      'test.aws.network.zones: "eu-west-1a" is one zone, which can\'t hold a quorum when it is lost; name three',
    ]);
    expect(network({ zones: ["eu-west-1a", "eu-west-1b"] })).toEqual([
      'test.aws.network.zones: "eu-west-1a, eu-west-1b" leaves no majority when one is lost; name three, or say in exceptions.twoZones why two are enough',
    ]);
    expect(network({ zones: ["eu-west-1a", "eu-west-1b"] }, { twoZones: "the third has none of our instances" })).toEqual([]);
    expect(network({ zones: ["eu-west-1a", "eu-west-1a", "eu-west-1b"] })).toEqual([
      'test.aws.network.zones: "eu-west-1a, eu-west-1a, eu-west-1b" names a zone twice; name each once',
    ]);
    expect(network({ zones: ["eu-west-1a", "eu-west-2b", "eu-west-1"] })).toEqual([
      'test.aws.network.zones: "eu-west-2b, eu-west-1" is not an Availability Zone of eu-west-1; use zones like eu-west-1a',
    ]);
  });

  it("has to be told its zones where accounts see different ones", () => {
    expect(complaints({ aws: { ...aws, region: "us-west-1" } })).toEqual([
      "test.aws.network.zones: is missing, and us-west-1 has only two zones for each account, and not the same ones; name the two that yours has, with the exception twoZones",
    ]);
  });

  it("has addresses for every pod of every node, in blocks of 16", () => {
    const cluster = { nodes: 30, node };
    expect(complaints({ cluster, aws: { ...aws, network: { cidr: "10.0.0.0/20" } } })).toEqual([
      'test.aws.network.cidr: "10.0.0.0/20" has 59 blocks of 16 addresses in each zone for the pods of 30 nodes, which take 70; use /19',
    ]);
    const large = { nodes: 30, node: { ...node, cpu: 32, memory: "128Gi" } };
    expect(complaints({ cluster: large, aws: { ...aws, network: { cidr: "10.0.0.0/19" } } })).toEqual([
      'test.aws.network.cidr: "10.0.0.0/19" has 119 blocks of 16 addresses in each zone for the pods of 30 nodes, which take 160; use /18',
    ]);
    expect(complaints({ cluster: { nodes: { min: 3, max: 400 }, node } })).toEqual([]);
    expect(complaints({ cluster: { nodes: 600, node } })[0]).toMatch(/use fewer nodes, or divide them among environments$/);
  });

  it("that exists has a subnet of each use for every zone", () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `subnet-0000000${index}`);
    const existing = (publics: number, privates: number, datas: number, exceptions: object = {}) =>
      network({ vpc: "vpc-0a1b2c3d", subnets: { public: ids(publics), private: ids(privates), data: ids(datas) } }, exceptions);
    expect(existing(3, 3, 3)).toEqual([]);
    expect(existing(2, 2, 2, { twoZones: "the office has two" })).toEqual([]);
    expect(existing(1, 1, 1)).toHaveLength(3);
    expect(existing(3, 3, 2)[0]).toBe(
      "test.aws.network.subnets.public: 3 subnets are not as many as of the other uses; name one of each use for every zone",
    );
    expect(network({ vpc: "my-vpc", subnets: { public: ids(3), private: ids(3), data: ids(3) } })).toEqual([
      'test.aws.network.vpc: "my-vpc" must be the id of a VPC; write one like vpc-0a1b2c3d4e5f67890',
    ]);
  });

  it("has a domain of its own, whatever zone holds it", () => {
    const zone = "Z0123456789ABCDEFGHIJ";
    const second = { ...aws, zone, network: { cidr: "10.1.0.0/16" } };
    const both = (changes: object) =>
      errorsOf(aProgram(anEnvironment({ aws: { ...aws, zone } }), anEnvironment({ name: "other", aws: { ...second, ...changes } })));
    expect(both({})).toEqual([
      'other.aws.domain: "orders.example.com" is the domain of test as well; give each environment a separate domain',
    ]);
    expect(both({ domain: "other.example.com" })).toEqual([]);
    expect(both({ zone: "Z9" })).toHaveLength(1);
  });

  it("overlaps no other environment's, unless they never meet", () => {
    const other = { ...anEnvironment({ name: "other" }), aws: { ...aws, domain: "other.example.com", network: { cidr: "10.0.128.0/20" } } };
    expect(errorsOf(aProgram(anEnvironment(), other))).toEqual([
      'other.aws.network.cidr: "10.0.128.0/20" overlaps 10.0.0.0/16 of test, so that the two can never be joined; give one of them other addresses, or say in exceptions.overlappingNetwork why they never will be',
    ]);
    const apart = { ...other, exceptions: { overlappingNetwork: "belongs to another company" } };
    expect(errorsOf(aProgram(anEnvironment(), apart))).toEqual([]);
    const third = { ...other, name: "third" };
    expect(errorsOf(aProgram(apart, anEnvironment(), third))[0]).toMatch(/^third\.aws\.network\.cidr: .* overlaps 10\.0\.0\.0\/16 of test/);
  });
});

describe("a recovery region", () => {
  it("is another one, or is missing for a reason", () => {
    const { recoveryRegion, ...without } = aws as { recoveryRegion: string };
    expect(complaints({ aws: { ...aws, recoveryRegion: "eu-west-1" } })).toEqual([
      'test.aws.recoveryRegion: "eu-west-1" is the region itself, and is lost with it; choose another region',
    ]);
    expect(complaints({ aws: without })).toEqual([
      "test.aws.recoveryRegion: is missing, so that a lost region takes the backups along; name a region, or say in exceptions.noRecoveryCopy why none is needed",
    ]);
    expect(complaints({ aws: without, exceptions: { noRecoveryCopy: "can be typed in again" } })).toEqual([]);
    expect(recoveryRegion).toBe("eu-central-1");
  });
});

describe("the state of an environment", () => {
  const cluster = { context: "kind-orders" };
  const missing =
    "test.state: is missing, so that Terraform's state is in files on one machine, lost with it and without a lock for others; add state, or say in exceptions.localState why that is right here";

  it("is shared and locked, or on one machine for a reason", () => {
    const about = (changes: object) => complaints({ aws: undefined, cluster, ...changes });
    expect(about({ exceptions: { localState: undefined } })).toEqual([missing]);
    expect(about({ exceptions: { localState: "one person deploys it" } })).toEqual([]);
    expect(about({ exceptions: { disposable: "thrown away daily" } })).toEqual([]);
    expect(about({ state: { backend: "pg" } })).toEqual([]);
    expect(about({ state: { backend: "pg", url: "postgres://state.example.com/terraform" } })).toEqual([
      "test.state.url: is not a setting here; leave it out, and set PG_CONN_STR where you deploy",
    ]);
  });

  it("is in the account's bucket on AWS", () => {
    expect(complaints({ state: { backend: "pg" } })).toEqual([
      "test.state: is of environments without aws; on AWS it is in the account's bucket; leave it out",
    ]);
    expect(complaints({ exceptions: { localState: "one person deploys it" } })).toEqual([
      "test.exceptions.localState: excepts nothing here; remove it",
    ]);
  });
});

describe("an exception", () => {
  it.each(["singleNatGateway", "awsApisOverInternet", "twoZones", "noRecoveryCopy", "overlappingNetwork"])(
    "that excepts nothing misleads: %s",
    (name) => {
      expect(complaints({ aws: undefined, exceptions: { [name]: "saves some money" } })).toEqual([
        `test.exceptions.${name}: excepts nothing here; remove it`,
      ]);
    },
  );

  it("from enough room excepts something where the size of nodes is known, and nothing elsewhere", () => {
    const exceptions = { insufficientCapacity: "the old nodes leave tonight" };
    const nothing = ["test.exceptions.insufficientCapacity: excepts nothing here; remove it"];
    const allocatable = { zones: { "dc-1": 2 }, cpu: 8, memory: "32Gi" };
    expect(complaints({ exceptions })).toEqual(nothing);
    expect(complaints({ exceptions, cluster: { context: "on-premises" } })).toEqual(nothing);
    expect(complaints({ exceptions, cluster: { context: "on-premises", allocatable } })).toEqual([]);
    expect(complaints({ exceptions, cluster: { nodes: 3, node } })).toEqual([]);
  });

  it("from a recovery copy is left over beside a recovery region", () => {
    expect(complaints({ exceptions: { noRecoveryCopy: "not needed here" } })).toEqual([
      "test.exceptions.noRecoveryCopy: excepts nothing here; remove it",
    ]);
  });
});

describe("environments", () => {
  const named = (...names: string[]) =>
    errorsOf(
      aProgram(
        ...names.map((name, index) => ({
          ...anEnvironment({ name }),
          aws: { ...aws, domain: `${name}.example.com`, network: { cidr: `10.${index}.0.0/16` } },
        })),
      ),
    );

  it("are picked by what their names begin with, so no name begins another", () => {
    expect(named("prod", "prod-eu")).toEqual([
      "prod-eu.name: \"prod-eu\" begins with prod-, so that deploying 'prod-*' would deploy it too; choose a name that begins otherwise",
    ]);
    expect(named("prod", "production")).toEqual([]);
  });

  it("have names of their own", () => {
    expect(named("prod", "prod")).toEqual(['prod.name: "prod" is the name of another environment; choose another']);
    for (const word of ["deploy", "plan", "bootstrap-x"]) expect(named(word)).toHaveLength(1);
    expect(named("bootstrap")).toEqual([
      'bootstrap.name: "bootstrap" has another meaning in names of stacks, roles and buckets; choose another',
    ]);
  });

  it("stand by for an original in another region", () => {
    const elsewhere = { ...aws, domain: "standby.example.com", network: { cidr: "10.9.0.0/16" } };
    const standby = (changes: object) =>
      errorsOf(
        aProgram(anEnvironment({ aws: { ...aws, region: "eu-west-2", recoveryRegion: "eu-central-1" } }), {
          ...anEnvironment({ name: "standby", standbyOf: "test" }),
          aws: { ...elsewhere, region: "eu-central-1", recoveryRegion: "eu-west-1" },
          ...changes,
        }),
      );
    expect(standby({})).toEqual([]);
    expect(standby({ standbyOf: "tset" })).toEqual(['standby.standbyOf: "tset" must be another environment; use one of test']);
    expect(standby({ aws: { ...elsewhere, region: "eu-west-2" } })).toEqual([
      'standby.standbyOf: "test" is in the same region, and would be lost together with it; put one of them in another region',
    ]);
  });
});

describe("accounts", () => {
  it("are named once, and hold the state of their own system", () => {
    const program = aProgram(anEnvironment());
    expect(errorsOf({ ...program, accounts: [...program.accounts, ...program.accounts] })).toEqual([
      'accounts[1].id: "111122223333" is named twice; keep one of the two',
    ]);
    expect(errorsOf({ ...program, accounts: [{ system: "venta", id: "111122223333", region: "eu-west-1" }] })).toEqual([
      'test.aws.account: "111122223333" keeps the state of the system venta; use an account of orders',
    ]);
    expect(
      errorsOf({ ...program, accounts: [{ system: "orders", id: "111122223333", region: "eu-west-1", github: { repository: "orders" } }] }),
    ).toEqual(['accounts[0].github.repository: "orders" is not a valid repository; write owner/name']);
  });
});
