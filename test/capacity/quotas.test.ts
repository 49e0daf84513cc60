import { beyondQuotas, type PodGroup } from "../../constructs/capacity";

const quota = (hard: object) => ({ kind: "ResourceQuota", metadata: { namespace: "read-store" }, spec: { hard } });

const group = (name: string, millicores: number, changes: Partial<PodGroup> = {}): PodGroup => ({
  name: `read-store/${name}`,
  pods: 1,
  request: { millicores, memoryBytes: 2 ** 30 },
  ...changes,
});

describe("a namespace's quota", () => {
  const small = quota({ "requests.cpu": "2", "requests.memory": "4Gi", pods: "4" });

  it("admits jobs one after the other", () => {
    const jobs = ["first", "second", "third"].map((name) => group(name, 1500, { passing: true }));
    expect(beyondQuotas([small], [group("database", 500), ...jobs])).toEqual([]);
  });

  it("never admits a job that has no room beside what runs for good", () => {
    expect(beyondQuotas([small], [group("database", 500, { pods: 1, most: 2 }), group("migrations", 1500, { passing: true })])).toEqual([
      {
        name: "read-store/migrations",
        rule: "requests 1500m of CPU in addition to 1000m of CPU, and the quota of read-store admits 2000m of CPU",
      },
    ]);
  });

  it("never admits the pods of a rollout that has no room", () => {
    expect(beyondQuotas([small], [group("api", 10, { pods: 4, surge: 1 })])).toEqual([
      {
        name: "read-store/api",
        rule: "requests 1024Mi of memory in addition to 4096Mi of memory, and the quota of read-store admits 4096Mi of memory",
      },
      { name: "read-store/api", rule: "requests 1 pods in addition to 4 pods, and the quota of read-store admits 4 pods" },
    ]);
  });

  it("is too small for what runs for good", () => {
    expect(beyondQuotas([small], [group("database", 3000)])).toEqual([
      { name: "read-store/quota", rule: "is for pods that request 3000m of CPU, and the quota of read-store admits 2000m of CPU" },
    ]);
  });

  it("counts no pods of other namespaces, and none that are on every node", () => {
    expect(
      beyondQuotas(
        [small],
        [
          { ...group("agent", 9000), pods: "each-node" },
          { ...group("x", 9000), name: "write-side/x" },
        ],
      ),
    ).toEqual([]);
  });
});
