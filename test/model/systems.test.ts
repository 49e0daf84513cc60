import * as fc from "fast-check";
import type { KubernetesObject } from "../../constructs/kubernetes";
import type { Domain, Environment } from "../../stacks";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment } from "../environments";
import type { Body } from "../synth";
import { admissionFaults, composedFrom, type MadeSystem, madeOf, referenceFaults, trafficFaults } from "./system-checks";
import { systems } from "./systems";

/** The same systems for all properties: each is made once. */
const OPTIONS = { numRuns: 40, seed: 24 } as const;

// All are made in one test; machines are shared.
jest.setTimeout(300_000);

const known = new Map<string, MadeSystem | undefined>();

function made(environment: Environment): MadeSystem | undefined {
  const key = JSON.stringify(environment);
  if (!known.has(key)) known.set(key, madeOf(environment));
  return known.get(key);
}

/** Asserts that a check finds nothing in any system that validation accepts. */
function expectNone(faultsOf: (system: MadeSystem) => readonly string[]) {
  fc.assert(
    fc.property(systems, (environment) => {
      const system = made(environment);
      fc.pre(system !== undefined);
      expect(faultsOf(system)).toEqual([]);
    }),
    OPTIONS,
  );
}

/** A value that nobody can change. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

describe("a system in the general form that validation accepts", () => {
  it("is one of most that are drawn, with every engine and on every kind of cluster", () => {
    const drawn = fc.sample(systems, OPTIONS);
    const accepted = drawn.filter((environment) => made(environment) !== undefined);
    expect(accepted.length).toBeGreaterThan(drawn.length * 0.8);
    const engines = new Set(accepted.flatMap(({ stores = {} }) => Object.values(stores).map(({ engine }) => engine)));
    const ours = ["cloudnative-pg", "eventsourcingdb", "kurrentdb", "nats", "postgres", "valkey"];
    expect([...engines].sort()).toEqual([...ours, "aurora", "elasticache", "rds"].sort());
    const members = accepted.flatMap(({ domains = {} }) => Object.values(domains)) as readonly Domain[];
    const services = members.flatMap((domain) => Object.values(domain.services ?? {}));
    const jobs = members.flatMap((domain) => Object.values(domain.jobs ?? {}));
    expect(services.some(({ health, publicPorts }) => health === "tcp" && publicPorts)).toBe(true);
    for (const key of ["calls", "egress", "sidecars", "volumes"] as const) expect(services.some((one) => one[key])).toBe(true);
    expect(new Set(jobs.map(({ when }) => (typeof when === "object" ? "schedule" : when))).size).toBe(4);
    expect(accepted.some(({ aws }) => aws !== undefined)).toBe(true);
    expect(accepted.some(({ cluster }) => cluster && "context" in cluster && cluster.shared)).toBe(true);
    expect(accepted.filter(({ domains = {} }) => Object.values(domains).some(({ projections }) => projections)).length).toBeGreaterThan(3);
  });

  it("can be made, and nothing of it is refused by its cluster but for room", () => {
    expectNone(admissionFaults);
  });

  it("lets those connect who use, call or reach something or are let in from outside, and nobody else", () => {
    expectNone(trafficFaults);
  });

  it("has every secret, variable and volume that its pods name, and every namespace before what is in it", () => {
    expectNone(referenceFaults);
  });

  it("is read without being changed, and becomes the same once more", () => {
    fc.assert(
      fc.property(systems, (environment) => {
        const system = made(environment);
        fc.pre(system !== undefined);
        const own = frozen(environment);
        expect(asDomains(own)).toEqual(asDomains(own));
        expect(composedFrom(own).texts).toEqual(system.texts);
      }),
      { ...OPTIONS, numRuns: 10 },
    );
  });
});

describe("what looks at systems", () => {
  const image = "registry.example.com/orders/app:1.0.0";
  const environment = anEnvironment({
    aws: undefined,
    cluster: { context: "kind-orders" },
    size: "small",
    stores: { orders: { engine: "cloudnative-pg", instances: 1 }, cache: { engine: "valkey", replicas: 0 } },
    domains: {
      base: { services: { rates: { image, replicas: 1, secrets: { TOKEN: "jwt" } } } },
      shop: {
        services: {
          web: {
            ...{ image, replicas: 1, uses: ["orders"], calls: ["rates"], paths: ["/"], secrets: { TOKEN: "jwt" } },
            ...{ egress: [{ host: "203.0.113.0/24" }], files: { "/app/settings.json": "{}" } },
          },
        },
        workers: { quiet: { image, replicas: 1, uses: ["cache"] } },
      },
    },
    exceptions: { disposable: "a test" },
  });
  const system = composedFrom(environment);
  const is = (kind: string, where: string) => (object: KubernetesObject) =>
    object.kind === kind && `${object.metadata.namespace}/${object.metadata.name}` === where;
  const without = (kind: string, where: string): MadeSystem => {
    expect(system.objects.filter(is(kind, where))).toHaveLength(1);
    return { ...system, objects: system.objects.filter((object) => !is(kind, where)(object)) };
  };
  const changed = (kind: string, where: string, change: (spec: Body) => Body): MadeSystem => ({
    ...system,
    objects: system.objects.map((object) => (is(kind, where)(object) ? { ...object, spec: change(object.spec as Body) } : object)),
  });
  const inPods = (change: (container: Body) => Body) =>
    changed("Deployment", "shop/web", ({ template, ...spec }) => ({
      ...spec,
      template: { ...template, spec: { ...template.spec, containers: template.spec.containers.map(change) } },
    }));

  it("finds nothing where nothing is wrong", () => {
    expect([...admissionFaults(system), ...trafficFaults(system), ...referenceFaults(system)]).toEqual([]);
  });

  it("finds what a cluster refuses", () => {
    const twice = { ...system, objects: [...system.objects, ...system.objects.filter(is("Deployment", "shop/web"))] };
    expect(admissionFaults(twice)).toEqual(["Deployment shop/web is made twice"]);
    const { environment: own } = system;
    const low = { ...own, domains: { ...own.domains, low: { services: { low: { image, replicas: 1, port: 80 } } } } } as Environment;
    expect(admissionFaults(composedFrom(low)).join()).toMatch(
      /^test\.domains\.low\.services\.low\.port: 80 is not a port that it can open;/,
    );
  });

  it.each<[string, MadeSystem, readonly string[]]>([
    [
      "the policy of a workload",
      without("NetworkPolicy", "shop/web"),
      [
        "workload web -> store orders:5432 is closed",
        "workload web -> workload rates:8080 is closed",
        "workload web -> outside 203.0.113.9:443 is closed",
        "platform smoke-test -> workload web:8080 is closed",
        "platform gateway -> workload web:8080 is closed",
      ],
    ],
    [
      "the policy of what is called",
      without("NetworkPolicy", "base/rates"),
      ["workload web -> workload rates:8080 is closed", "platform smoke-test -> workload rates:8080 is closed"],
    ],
    ["the policy of a store", without("NetworkPolicy", "orders/orders"), ["workload web -> store orders:5432 is closed"]],
    ["what is closed beside it", without("NetworkPolicy", "shop/deny"), ["shop is open"]],
    [
      "a way that nobody has asked for",
      changed("NetworkPolicy", "shop/quiet", (spec) => ({ ...spec, egress: [...spec.egress, { ports: [{ port: 5432 }] }] })),
      [
        "workload quiet -> store orders:5432 is open, and nobody said so",
        ...["203.0.113.9", "198.51.100.7", "192.0.2.1", "10.20.3.4", "10.99.0.1"].map(
          (address) => `workload quiet -> outside ${address}:5432 is open, and nobody said so`,
        ),
      ],
    ],
    [
      "a way in from everywhere",
      changed("NetworkPolicy", "shop/quiet", (spec) => ({ ...spec, ingress: [{ ports: [{ port: 22 }] }] })),
      ["203.0.113.9", "198.51.100.7", "192.0.2.1", "10.20.3.4", "10.99.0.1"].map(
        (address) => `outside ${address} -> workload quiet:22 is open, and nobody said so`,
      ),
    ],
  ])("finds in traffic %s", (_, broken, faults) => {
    expect([...trafficFaults(broken)].sort()).toEqual([...faults].sort());
  });

  it("finds a way to what another environment runs on the same cluster", () => {
    const cluster = { context: "kind-orders", shared: true };
    const shared = composedFrom({ ...environment, cluster } as Environment);
    expect(trafficFaults(shared)).toEqual([]);
    const objects = shared.objects.map((object) => {
      if (!is("NetworkPolicy", "test-shop/quiet")(object)) return object;
      const spec = object.spec as Body;
      return { ...object, spec: { ...spec, ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 22 }] }] } };
    });
    expect(trafficFaults({ ...shared, objects })).toContain("a neighbour's workload web -> workload quiet:22 is open");
  });

  it.each<[string, MadeSystem, RegExp]>([
    ["a secret that nobody copies", without("ExternalSecret", "shop/orders-writer"), /^shop\/web lacks secret orders-writer$/],
    ["a secret that nobody generates", without("ExternalSecret", "base/jwt"), /^base\/rates-?\w* lacks secret jwt$/],
    ["a secret that nobody may read", without("Role", "base/secrets-for-shop"), /^shop\/web lacks secret jwt$/],
    ["an account that is not there", without("ServiceAccount", "shop/quiet"), /^shop\/quiet lacks account quiet$/],
    [
      "a variable that comes later",
      inPods(({ env, ...container }) => ({ ...container, env: [{ name: "FIRST", value: "$(TOKEN)" }, ...env] })),
      /^shop\/web lacks variable TOKEN of FIRST$/,
    ],
    [
      "a volume that is not there",
      inPods(({ volumeMounts, ...container }) => ({
        ...container,
        volumeMounts: [...volumeMounts, { name: "other", mountPath: "/other" }],
      })),
      /^shop\/web lacks volume other$/,
    ],
    [
      "what comes before its namespace",
      {
        ...system,
        stacks: new Map([...system.stacks].map(([id, one]) => [id, id === "test-shop" ? { ...one, before: new Set<string>() } : one])),
      },
      /^Role base\/secrets-for-shop of test-shop comes before test-base$/,
    ],
  ])("finds in references %s", (_, broken, fault) => {
    const found = referenceFaults(broken);
    expect(found.filter((one) => fault.test(one))).not.toEqual([]);
  });

  it("finds a system that becomes another", () => {
    const { orders, ...others } = environment.stores ?? {};
    const other = { ...environment, stores: { ...others, orders: { ...orders, instances: 2, synchronous: false } } } as Environment;
    expect(composedFrom(other).texts).not.toEqual(system.texts);
    expect(() => Object.assign(frozen({ orders }), { orders: {} })).toThrow(TypeError);
  });
});
