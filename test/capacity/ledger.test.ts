import * as fc from "fast-check";
import { CapacityLedger, describeVerdict, headroom, type Known, type NodePool, type PodGroup } from "../../constructs/capacity";
import { isCertain, verdictOn, witness } from "../../constructs/capacity/verdict";
import { runs } from "../thorough";
import { somewhere } from "./random";

const GI = 2 ** 30;

/** Nodes of 4 cores and 16Gi, of which pods get all. */
const aPool = (zones: Record<string, number>, node: Partial<NodePool["node"]> = {}): NodePool => ({
  zones,
  node: { millicores: 4000, memoryBytes: 16 * GI, pods: 110, volumes: 25, ...node },
});

const aGroup = ({
  cores = 1,
  gib = 1,
  volumes,
  ...group
}: Partial<PodGroup> & { cores?: number; gib?: number; volumes?: number }): PodGroup => ({
  name: "orders/api",
  pods: 1,
  request: { millicores: cores * 1000, memoryBytes: gib * GI, ...(volumes ? { volumes } : {}) },
  ...group,
});

/** What finds no place, and in which case: `a: room 2` without zone a. */
const missing = (pool: NodePool, ...groups: readonly PodGroup[]): readonly string[] =>
  verdictOn(pool, groups).cases.flatMap(({ lostZone, homeless }) =>
    homeless.map(({ why, pods }) => `${lostZone ? `${lostZone}: ` : ""}${why} ${pods}`),
  );

describe("what must run", () => {
  it("fits nodes that have room for it", () => {
    expect(missing(aPool({ a: 2 }), aGroup({ pods: 4, cores: 2 }))).toEqual([]);
  });

  it.each([
    ["cores", aGroup({ pods: 5, cores: 2 }), {}],
    ["memory", aGroup({ pods: 5, gib: 8 }), {}],
    ["pods", aGroup({ pods: 5 }), { pods: 2 }],
    ["volumes", aGroup({ pods: 5, volumes: 1 }), { volumes: 2 }],
  ])("does not fit nodes that run out of %s", (_, group, node) => {
    expect(missing(aPool({ a: 2 }, node), group)).toEqual(["room 1"]);
  });

  it("fits in whole pods: room in two pieces is no room", () => {
    expect(missing(aPool({ a: 2 }), aGroup({ pods: 3, cores: 2.5 }))).toEqual(["room 1"]);
  });

  it("has to fit with any one zone lost", () => {
    expect(missing(aPool({ a: 1, b: 1, c: 1 }), aGroup({ pods: 8 }))).toEqual([]);
    expect(missing(aPool({ a: 1, b: 1, c: 1 }), aGroup({ pods: 9 }))).toEqual(["a: room 1", "b: room 1", "c: room 1"]);
  });

  it("fits whatever the only zone is, for none else is there to take over", () => {
    expect(missing(aPool({ a: 3 }), aGroup({ pods: 12 }))).toEqual([]);
  });

  it("may wait for its volumes in the zone that is lost, but no more of it than an even spread leaves there", () => {
    const pool = aPool({ a: 1, b: 1, c: 1 });
    const strict = [{ over: "zone", how: "even", required: true }] as const;
    expect(missing(pool, aGroup({ pods: 3, cores: 4, volumes: 1 }))).toEqual([]);
    expect(missing(pool, aGroup({ pods: 3, cores: 1, volumes: 1, spread: strict }))).toEqual([]);
    const crowded = [
      aGroup({ name: "orders/blocks-b", pods: 2, cores: 3.5 }),
      aGroup({ name: "orders/store", pods: 3, cores: 0.5, volumes: 1, gib: 0.1 }),
    ];
    expect(missing(pool, ...crowded).some((line) => line.includes("volumes"))).toBe(true);
  });

  it("leaves room for what runs on every node", () => {
    const agent = aGroup({ name: "system/agent", pods: "each-node", cores: 0.5 });
    expect(missing(aPool({ a: 2 }), agent, aGroup({ pods: 2, cores: 3.5 }))).toEqual([]);
    expect(missing(aPool({ a: 2 }), agent, aGroup({ pods: 2, cores: 3.6 }))).toEqual(["room 2"]);
    expect(missing(aPool({ a: 2 }), { ...agent, request: { millicores: 4001, memoryBytes: 1 } })).toEqual(["overhead 1"]);
  });

  it("leaves room for one workload to come up anew, and with all nodes only", () => {
    const pool = aPool({ a: 1, b: 1 });
    expect(missing(pool, aGroup({ pods: 4, surge: 1 }))).toEqual([]);
    expect(missing(aPool({ a: 1 }), aGroup({ pods: 4, surge: 1 }))).toEqual(["surge 1"]);
    expect(missing(aPool({ a: 1 }), aGroup({ pods: 2, surge: 1 }), aGroup({ name: "orders/b", surge: 1 }))).toEqual([]);
    expect(missing(aPool({ a: 1 }), aGroup({ pods: "each-node", cores: 3, surge: 1 }))).toEqual(["surge 1"]);
  });

  it("leaves room for each of what comes by, one after the other", () => {
    const job = aGroup({ name: "orders/job", passing: true, cores: 2 });
    expect(missing(aPool({ a: 1 }), aGroup({ pods: 2 }), job, { ...job, name: "orders/other" })).toEqual([]);
    expect(missing(aPool({ a: 1 }), aGroup({ pods: 3 }), job)).toEqual(["passing 1"]);
  });

  it("keeps apart what has to be apart, and waits rather than break it", () => {
    const apart = (over: "zone" | "node", required: boolean) => aGroup({ pods: 3, spread: [{ over, how: "apart", required }] });
    expect(missing(aPool({ a: 3 }), apart("node", true))).toEqual([]);
    expect(missing(aPool({ a: 2 }), apart("node", true))).toEqual(["spread 1"]);
    expect(missing(aPool({ a: 2 }), apart("node", false))).toEqual([]);
    expect(missing(aPool({ a: 1, b: 1, c: 1 }), apart("zone", true))).toEqual(["a: spread 1", "b: spread 1", "c: spread 1"]);
  });

  it("is spread evenly where it must be: a full zone stops it though the others have room", () => {
    const even = (maxSkew: number, required: boolean) => aGroup({ pods: 6, spread: [{ over: "zone", how: "even", maxSkew, required }] });
    const blocker = aGroup({ name: "orders/z", pods: 1, cores: 4, priority: 10 });
    const pool = aPool({ a: 1, b: 3 });
    const whole = ([first]: readonly string[]) => first;
    expect(verdictOn(pool, [even(1, false), blocker]).cases[0]?.fits).toBe(true);
    expect(whole(missing(aPool({ a: 1, b: 3 }, { pods: 2 }), even(1, true)))).toBe("spread 1");
    expect(verdictOn(aPool({ a: 1, b: 3 }, { pods: 2 }), [even(2, true)]).cases[0]?.fits).toBe(true);
  });

  it("comes before what has less priority, which has to find another place", () => {
    const important = aGroup({ name: "orders/a", cores: 3, priority: 100 });
    expect(missing(aPool({ a: 2 }), important, aGroup({ pods: 2, cores: 1.5 }), aGroup({ name: "orders/b", cores: 1 }))).toEqual([]);
  });

  it("waits for a place of its own where its class preempts none", () => {
    const nonPreempting = aGroup({ name: "orders/a", cores: 3, priority: 100, preempts: false });
    const others = [aGroup({ pods: 2, cores: 1.5 }), aGroup({ name: "orders/b", cores: 1 })];
    expect(missing(aPool({ a: 2 }), nonPreempting, ...others)).toEqual(["room 1"]);
    expect(missing(aPool({ a: 3 }), nonPreempting, ...others)).toEqual([]);
  });

  it("is demanded at its minimum where it scales; the most is reported", () => {
    const scaling = aGroup({ pods: 2, most: 6 });
    const { fits, scaled } = verdictOn(aPool({ a: 1 }), [scaling]);
    expect({ fits, scaled }).toEqual({ fits: true, scaled: { millicores: 4000, memoryBytes: 4 * GI, pods: 4, volumes: 0, fits: false } });
    expect(verdictOn(aPool({ a: 2 }), [scaling]).scaled.fits).toBe(true);
  });
});

describe("a verdict", () => {
  it("shows the sums and what else would fit", () => {
    const { cases } = verdictOn(aPool({ a: 1, b: 1 }), [aGroup({ pods: 3 }), aGroup({ name: "orders/agent", pods: "each-node" })]);
    expect(cases[1]).toEqual({
      lostZone: "a",
      nodes: 1,
      room: { millicores: 4000, memoryBytes: 16 * GI, pods: 110, volumes: 25 },
      asked: { millicores: 4000, memoryBytes: 4 * GI, pods: 4, volumes: 0 },
      fits: true,
      homeless: [],
      largest: { millicores: 0, memoryBytes: 0 },
    });
    expect(cases[0]?.largest.millicores).toBeLessThanOrEqual(2000);
  });

  it("is the same whatever the order of the entries", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (seed) => {
        const { pool, groups } = somewhere(seed);
        expect(verdictOn(pool, [...groups].reverse())).toEqual(verdictOn(pool, groups));
      }),
      { numRuns: runs(12) },
    );
  });

  it("is yes, tried or not, where everything fits however it is placed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (seed) => {
        const { pool, groups } = somewhere(seed);
        if (isCertain(pool, groups)) expect(witness(pool, groups)).toBeUndefined();
      }),
      { numRuns: runs(60) },
    );
  });

  it("stays certain with one more node in a zone", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (seed) => {
        const { pool, groups } = somewhere(seed);
        const stateless = groups.filter(({ request }) => !request.volumes);
        const [zone = ""] = Object.keys(pool.zones);
        const larger = { ...pool, zones: { ...pool.zones, [zone]: (pool.zones[zone] ?? 0) + 1 } };
        if (isCertain(pool, stateless)) expect(isCertain(larger, stateless) || verdictOn(larger, stateless).fits).toBe(true);
      }),
      { numRuns: runs(60) },
    );
  });

  it("names a course of events for every refusal", () => {
    const pool = aPool({ a: 1, b: 1 });
    expect(witness(pool, [aGroup({ pods: 5 })])).toMatchObject({ lostZone: "a" });
    expect(witness(pool, [aGroup({ pods: 9 })])).not.toHaveProperty("lostZone");
    expect(witness(pool, [aGroup({ pods: 2 })])).toBeUndefined();
  });

  it("takes about a second of a processor at most for 400 services on 400 nodes", () => {
    const services = Array.from({ length: 400 }, (_, index) =>
      aGroup({ name: `orders/s${index}`, pods: 3, cores: 0.2 + (index % 7) / 10, spread: [{ over: "zone", how: "even", required: true }] }),
    );
    const begin = process.cpuUsage();
    expect(verdictOn(aPool({ a: 134, b: 133, c: 133 }), services).fits).toBe(true);
    expect(process.cpuUsage(begin).user / 1e6).toBeLessThan(2);
  });
});

describe("a ledger", () => {
  const ledgerOf = (pool: NodePool | undefined, ...groups: readonly PodGroup[]) => {
    const ledger = new CapacityLedger(pool);
    ledger.add(...groups);
    return ledger;
  };
  const advice = {
    size: "4 cores with 16Gi",
    larger: [{ name: "8 cores with 32Gi", room: { millicores: 8000, memoryBytes: 32 * GI, pods: 110, volumes: 25 } }],
    exception: "exceptions.insufficientCapacity",
  };

  it("gives no verdict on nodes of unknown size, and says so", () => {
    const ledger = ledgerOf(undefined, aGroup({}));
    expect(ledger.verdict()).toEqual({ known: false, reason: "node sizes are unknown" });
    expect(describeVerdict(ledger, advice)).toBeUndefined();
    expect(headroom(ledger)).toBe("not checked: node sizes are unknown; required pods request 1.0 cores and 1.0Gi");
  });

  it("counts room that is kept, with the reason", () => {
    const ledger = ledgerOf(aPool({ a: 1 }), aGroup({ pods: 3 }));
    ledger.keep("the other slot of api", aGroup({ name: "orders/green", pods: 2 }));
    expect((ledger.verdict() as Known).fits).toBe(false);
    expect(ledger.kept.map(({ reason }) => reason)).toEqual(["the other slot of api"]);
  });

  it("finds its verdict once, and anew for what is entered later", () => {
    const ledger = ledgerOf(aPool({ a: 1 }), aGroup({ pods: 2 }));
    expect(ledger.verdict()).toBe(ledger.verdict());
    ledger.add(aGroup({ name: "orders/b", pods: 2 }));
    expect((ledger.verdict() as Known).cases[0]?.asked.pods).toBe(4);
    ledger.keep("what may come", aGroup({ name: "orders/c" }));
    expect((ledger.verdict() as Known).fits).toBe(false);
  });

  it("shares its verdict with ledgers that are alike, and with no other", () => {
    const verdicts = new Map();
    const shared = (pool: NodePool, ...groups: readonly PodGroup[]) => {
      const ledger = ledgerOf(pool, ...groups);
      ledger.shareVerdicts(verdicts);
      return ledger;
    };
    const [pool, group] = [{ a: 1, b: 1 }, { pods: 2 }];
    const verdict = shared(aPool(pool), aGroup(group)).verdict();
    expect(shared(aPool(pool), aGroup(group)).verdict()).toBe(verdict);
    expect(shared(aPool(pool), aGroup({ ...group, name: "orders/other" })).verdict()).toBe(verdict);
    const others = [
      shared(aPool({ ...pool, b: 2 }), aGroup(group)),
      shared(aPool(pool, { pods: 10 }), aGroup(group)),
      shared(aPool(pool), aGroup({ pods: 3 })),
      shared(aPool(pool), aGroup({ ...group, spread: [{ over: "zone", how: "even", required: true }] })),
    ];
    const kept = shared(aPool(pool), aGroup(group));
    kept.keep("what may come", aGroup({}));
    for (const ledger of [...others, kept]) {
      expect(ledger.verdict()).not.toBe(verdict);
      expect(ledger.verdict()).toEqual(ledger.copy().verdict());
    }
  });

  it("names its own pods where they don't fit", () => {
    const verdicts = new Map();
    const homeless = ["orders/api", "orders/other"].map((name) => {
      const ledger = ledgerOf(aPool({ a: 1 }), aGroup({ name, cores: 5 }));
      ledger.shareVerdicts(verdicts);
      return (ledger.verdict() as Known).cases[0]?.homeless.map(({ group }) => group.name);
    });
    expect(homeless).toEqual([["orders/api"], ["orders/other"]]);
  });

  it("enters what a stack sends to the API", () => {
    const ledger = ledgerOf(aPool({ a: 1 }));
    ledger.enter([{ kind: "Deployment", metadata: { name: "api", namespace: "orders" }, spec: { template: { spec: {} } } }]);
    expect(ledger.groups.map(({ name }) => name)).toEqual(["orders/api"]);
  });

  it("says why something does not fit, and what would help", () => {
    expect(describeVerdict(ledgerOf(aPool({ a: 1, b: 1, c: 1 }), aGroup({ pods: 10 })), advice)).toEqual({
      value: 3,
      rule: "of 4 cores with 16Gi leave 8.0 cores and 32.0Gi with zone a down, and required pods request 10.0 cores and 10.0Gi: orders/api finds no node for 2 pods of 1.0 cores and 1.0Gi",
      remedy:
        "add a node to each zone, use larger nodes (8 cores with 32Gi), or say in exceptions.insufficientCapacity why that is right here",
    });
    expect(describeVerdict(ledgerOf(aPool({ a: 1 }), aGroup({})), advice)).toBeUndefined();
  });

  it("advises only what works", () => {
    expect(describeVerdict(ledgerOf(aPool({ a: 1 }), aGroup({ cores: 20 })), advice)?.remedy).toBe(
      "let orders/api ask for less or spread less strictly, or say in exceptions.insufficientCapacity why that is right here",
    );
    expect(describeVerdict(ledgerOf(aPool({ a: 1 }), aGroup({ cores: 6 })), advice)?.remedy).toBe(
      "use larger nodes (8 cores with 32Gi), or say in exceptions.insufficientCapacity why that is right here",
    );
  });

  it("says which pods it places as if every node had the labels that they select", () => {
    const selective = aGroup({ name: "orders/reports", nodeSelector: { "example.com/pool": "memory" } });
    expect(headroom(ledgerOf(aPool({ a: 1 }), aGroup({}), selective))).toBe(
      "2.0 of 4.0 cores and 2.0 of 16.0Gi; capacity for a pod of 2.0 cores and 14.0Gi; " +
        "orders/reports counted as if every node had the labels of its nodeSelector",
    );
  });

  it("tells its headroom in a line", () => {
    const ledger = ledgerOf(
      aPool({ a: 1, b: 1, c: 1 }),
      aGroup({ pods: 3, most: 12, spread: [{ over: "zone", how: "even", required: true }] }),
    );
    expect(headroom(ledger)).toBe(
      "3.0 of 12.0 cores and 3.0 of 48.0Gi; 3.0 of 8.0 cores and 3.0 of 32.0Gi with one zone down; " +
        "capacity for a pod of 3.0 cores and 15.0Gi; at maximum replicas +9.0 cores and 9.0Gi, which fits",
    );
    expect(headroom(ledgerOf(aPool({ a: 1 }), aGroup({})))).toBe(
      "1.0 of 4.0 cores and 1.0 of 16.0Gi; capacity for a pod of 3.0 cores and 15.0Gi",
    );
  });
});
