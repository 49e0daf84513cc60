import { billables } from "../../stacks/billable";
import type { MeasuredSite } from "../../stacks/capacity";
import { scratchVolumesOn, volumesOn } from "../../stacks/volumes";
import { anEnvironment, aProgram } from "../environments";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";

const { compositions, stacks, sites } = synthesisOf(program);

function billOf(environment: string) {
  const ids = compositions.find(({ name }) => name === environment)?.stacks.map(({ node: { id } }) => id) ?? [];
  const found = billables(
    ids.flatMap((id) => stacks.get(id) ?? []),
    sites.filter(({ site }) => site.environment.name === environment),
  );
  return Object.fromEntries(found.map(({ item, counted, unit, quantity }) => [item, `${counted}, ${quantity} × ${unit}`]));
}

describe("billable resources", () => {
  it("are counted in what is deployed", () => {
    expect(billOf("production")).toMatchObject({
      "EKS control plane": "2, 1460 × hour",
      "node m7i.xlarge": "3, 2190 × hour",
      "node m7i.2xlarge": "5, 3650 × hour",
      // 3 nodes with 500Gi, 5 with 1Ti.
      "EBS disk gp3 of nodes": "6,620 GiB, 6620 × GiB-month",
      "Aurora db.r7g.large": "4, 2920 × hour",
      "ElastiCache cache.m7g.large": "6, 4380 × hour",
      "Kurrent Cloud m32": "3, 2190 × hour",
      "Kurrent Cloud disk gp3": "3,072 GiB, 3072 × GiB-month",
      "NAT gateway": "3, 2190 × hour",
      "Network Load Balancer": "2, 1460 × hour",
      // 13 interface endpoints in three zones.
      "interface endpoint in a zone": "39, 28470 × hour",
    });
  });

  it("are none on an existing cluster", () => {
    expect(billOf("local")).toEqual({});
  });
});

describe("volumes of pods", () => {
  it("are those of claims, servers and charts, each once", () => {
    const sizeOf = (path: string) => sites.filter((site) => site.path === path).map(volumesOn);
    // Event store 5, cache 5, database 5 and its log 10.
    expect(sizeOf("local.cluster")).toEqual([25]);
    // Event store 3 × 50, cache 5, database 20 and its log 10; Prometheus 2 × 10, Alertmanager 3 × 5, Grafana 10.
    expect(sizeOf("dev.cluster")).toEqual([150 + 5 + 30 + 20 + 15 + 10]);
    // Queues of collectors 2 × 10, Elasticsearch 3 × 100; Prometheus 16, Alertmanager 3 × 5, Grafana 10.
    expect(sizeOf("production.readCluster")).toEqual([20 + 300 + 16 + 15 + 10]);
    // Queues of collectors 2 × 10, Prometheus 10, Alertmanager 3 × 5.
    expect(sizeOf("production.writeCluster")).toEqual([20 + 10 + 15]);
  });

  it("are those of the servers of restore drills at times, whoever creates them", () => {
    const rto = "4h";
    const drilled = anEnvironment({
      cluster: { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } },
      stores: {
        events: {
          engine: "kurrentdb",
          nodes: 3,
          storage: "40Gi",
          backup: { every: "15m", keep: "28d", rto },
          volumeSnapshots: { every: "6h", keep: "7d" },
        },
        postgres: { engine: "cloudnative-pg", storage: "20Gi", walStorage: "5Gi", backup: { rto } },
        ledger: {
          engine: "postgres",
          server: { engine: "rds", replicas: 0, storage: "30Gi", backup: { rto } },
          streamBackup: { every: "15m", keep: "28d" },
        },
      },
      domains: {
        all: {
          workers: {
            both: { image: "registry.example.com/both:1.0.0", replicas: 1, uses: ["events", "postgres"] },
            books: { image: "registry.example.com/books:1.0.0", replicas: 1, uses: ["ledger"] },
          },
        },
      },
      exceptions: { insufficientCapacity: "nothing runs in a test" },
    });
    const [site] = synthesisOf(aProgram(drilled)).sites as [MeasuredSite];
    // Of both stream backups, of the snapshot, and of PostgreSQL with its log.
    expect(scratchVolumesOn(site)).toBe(40 + 30 + 40 + 20 + 5);
    expect(billables([], [site]).at(-1)).toEqual({
      item: "EBS volume gp3 of restore drills",
      unit: "GiB-month",
      quantity: 0,
      counted: "0 to 135 GiB",
      atMost: 135,
    });
  });
});
