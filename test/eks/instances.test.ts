import * as fc from "fast-check";
import { type Architecture, allocatable, type Generation, instanceTypes, type NodeShape, nodePool } from "../../constructs/cluster";

const aShape = (cores: number, gib: number, architecture: Architecture = "amd64"): NodeShape => ({
  millicores: cores * 1000,
  memoryBytes: gib * 2 ** 30,
  architecture,
});
const left = (cores: number, gib: number) => allocatable(aShape(cores, gib));
const mebibytes = (cores: number, gib: number) => left(cores, gib).memoryBytes / 2 ** 20;

describe("the instance types of a node", () => {
  it("offer exactly what was asked for, the preferred first", () => {
    expect(instanceTypes(aShape(4, 16))).toEqual(["m7i.xlarge", "m7a.xlarge", "m6i.xlarge", "m6a.xlarge"]);
    expect(instanceTypes(aShape(8, 16))).toEqual(["c7i.2xlarge", "c7a.2xlarge", "c6i.2xlarge", "c6a.2xlarge"]);
    expect(instanceTypes(aShape(64, 512))).toEqual(["r7i.16xlarge", "r7a.16xlarge", "r6i.16xlarge", "r6a.16xlarge"]);
  });

  it("are Graviton's where that was chosen, and never by default", () => {
    expect(instanceTypes(aShape(2, 8, "arm64"))).toEqual(["m8g.large", "m7g.large", "m6g.large"]);
  });

  it("are without the generations that a zone has not", () => {
    expect(instanceTypes({ ...aShape(4, 16), excludeGenerations: ["7a", "6i"] })).toEqual(["m7i.xlarge", "m6a.xlarge"]);
  });

  it("are none for odd sizes, and the nearest that there are get named", () => {
    const rule = "is not a size that EC2 offers";
    expect(instanceTypes(aShape(4, 20))).toEqual({ rule, remedy: "use 4 cores with 16Gi or 4 cores with 32Gi" });
    expect(instanceTypes(aShape(3, 12))).toEqual({ rule, remedy: "use 4 cores with 16Gi or 2 cores with 8Gi" });
    expect(instanceTypes(aShape(1, 1))).toEqual({ rule, remedy: "use 2 cores with 4Gi or 2 cores with 8Gi" });
    expect(instanceTypes(aShape(128, 4096))).toEqual({ rule, remedy: "use 64 cores with 512Gi or 32 cores with 256Gi" });
  });

  it("can always be had in the size that a refusal names", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 2000 }), (cores, gib) => {
        const found = instanceTypes(aShape(cores, gib));
        if (!("rule" in found)) return;
        for (const [, offered, memory] of found.remedy.matchAll(/(\d+) cores with (\d+)Gi/g))
          expect(instanceTypes(aShape(Number(offered), Number(memory)))).toHaveLength(4);
      }),
    );
  });
});

describe("what a node leaves to pods", () => {
  // amazon-eks-ami, nodeadm, 2026-07-24
  it.each([
    [2, 1930],
    [4, 3920],
    [8, 7910],
    [16, 15_890],
    [32, 31_850],
    [64, 63_770],
  ])("is of %d cores %d thousandths", (cores, millicores) => {
    expect(left(cores, cores * 4).millicores).toBe(millicores);
  });

  // Karpenter, instance types, August 2026
  it.each([
    ["m7i.large", 2, 8, 6903],
    ["m7i.xlarge", 4, 16, 14_162],
    ["m7i.2xlarge", 8, 32, 29_317],
    ["m7i.4xlarge", 16, 64, 57_691],
    ["c7i.large", 2, 4, 3114],
    ["c7i.xlarge", 4, 8, 6584],
    ["c7i.2xlarge", 8, 16, 14_162],
    ["c7i.4xlarge", 16, 32, 27_381],
    ["r7i.large", 2, 16, 14_481],
    ["r7i.xlarge", 4, 32, 29_317],
    ["r7i.2xlarge", 8, 64, 59_627],
    ["r7i.4xlarge", 16, 128, 118_312],
  ])("is of the memory of a %s what Karpenter reckons", (_, cores, gib, memory) => {
    expect(mebibytes(cores, gib)).toBe(memory);
  });

  it("are 110 pods, and 250 on nodes that EKS calls large", () => {
    expect([2, 4, 8, 16, 32, 64].map((cores) => left(cores, cores * 4).pods)).toEqual([110, 110, 110, 110, 250, 250]);
  });

  it("are fewer volumes than its types can attach, beside its disk and its interfaces", () => {
    const volumes = (cores: number, without: readonly Generation[] = []) =>
      allocatable({ ...aShape(cores, cores * 4), excludeGenerations: without }).volumes;
    // EC2, volume limits: 28 slots are shared with interfaces before the seventh generation
    expect([2, 4, 8, 16, 32, 64].map((cores) => volumes(cores))).toEqual([24, 23, 23, 19, 19, 12]);
    // aws-ebs-csi-driver 1.64: 32 slots of their own, 48 of the largest
    expect([2, 64].map((cores) => volumes(cores, ["6i", "6a"]))).toEqual([31, 47]);
    expect(allocatable({ ...aShape(2, 8, "arm64"), excludeGenerations: ["6g"] }).volumes).toBe(24);
    expect(allocatable({ ...aShape(2, 8, "arm64"), excludeGenerations: ["7g", "6g"] }).volumes).toBe(31);
  });

  it("is never a guess about a size that there is not", () => {
    expect(() => left(3, 12)).toThrow("3000m is not a size that EC2 offers");
  });
});

describe("the room of a cluster", () => {
  const node = { cpu: 4, memory: "16Gi", storage: "100Gi" } as const;
  const zones = ["a", "b", "c"];

  it("is that of its nodes, by zone", () => {
    expect(nodePool(5, node, zones)).toEqual({ zones: { a: 2, b: 2, c: 1 }, node: allocatable(aShape(4, 16)) });
  });

  it("is that of its fewest nodes where a scaler adds to them", () => {
    expect(nodePool({ min: 4, max: 9 }, node, zones).zones).toEqual({ a: 2, b: 1, c: 1 });
    expect(nodePool({ min: 2, max: 9 }, node, zones).zones).toEqual({ a: 1, b: 1 });
  });
});
