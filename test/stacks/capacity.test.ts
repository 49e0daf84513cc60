import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../../cli/start";
import { InvalidInput } from "../../constructs/core/errors";
import type { Program } from "../../stacks";
import { unwrapped } from "../cli/unwrapped";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";

const node = { cpu: 4, memory: "16Gi", storage: "100Gi" };
const image = "registry.example.com/orders/processors:1.0.0";

/** A system whose processors decide how much room it takes; one of them asks for 0.25 cores and 512Mi. */
const systemOf = (replicas: number | { min: number; max: number }, changes: object) =>
  aProgram(
    anEnvironment({
      eventStore: { engine: "kurrent-cloud", size: "development", backup: { every: "6h", keep: "7d" } },
      commandProcessors: { image, replicas },
      ...changes,
    }),
  );

const cluster = { nodes: 3, node };

function refusal(program: Program): string {
  try {
    void synthesisOf(program).sites;
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
  return "nothing is refused";
}

const headrooms = (program: Program) => synthesisOf(program).sites.map(({ path, headroom }) => `${path}: ${headroom}`);

/** What npm start prints, how it ends, and what it has written. */
function started(program: Program, ...args: readonly string[]): { code: number; out: string; err: string; written: readonly string[] } {
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  process.env.CDKTF_OUTDIR = join(directory, "cdktf.out");
  const printed = { out: "", err: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    jest.spyOn(process[stream], "write").mockImplementation((text) => {
      printed[stream === "stdout" ? "out" : "err"] += text;
      return true;
    }),
  );
  try {
    const code = start(program, args, "2026-11-21") as number;
    // Warnings continue below themselves.
    return { code, out: printed.out, err: unwrapped(printed.err.replace(/\n {9}/g, " ")), written: readdirSync(directory) };
  } finally {
    for (const spy of spies) spy.mockRestore();
    delete process.env.CDKTF_OUTDIR;
    rmSync(directory, { recursive: true });
  }
}

describe("an environment whose nodes are too few", () => {
  const crowded =
    "test.cluster.nodes: 3 of 4 cores with 16Gi leave 7.8 cores and 27.7Gi with zone eu-west-1c down, and required pods request " +
    "10.9 cores and 22.7Gi: write-side/command-processors finds no node for 14 pods of 0.25 cores and 0.50Gi; add a node to each " +
    "zone, use larger nodes (8 cores with 16Gi), or say in exceptions.insufficientCapacity why that is right here";

  it("is told the same where cores are written in thousandths", () => {
    const thousandths = { ...cluster, node: { ...node, cpu: "4000m" } };
    expect(refusal(systemOf(40, { cluster: thousandths }))).toBe(crowded);
  });

  it("is refused with the sum and with what would help, and nothing is written", () => {
    expect(started(systemOf(40, { cluster }))).toEqual({ code: 1, out: "", err: `${crowded}\n`, written: [] });
  });

  it("is told of all of its clusters at once", () => {
    const queryApi = { image, replicas: 40 };
    const readDatabase = { engine: "aurora", replicas: 1 };
    const exceptions = { unauthenticatedApis: "a test" };
    const two = systemOf(40, { writeCluster: cluster, readCluster: cluster, queryApi, readDatabase, exceptions });
    const refused = refusal(two).split("\n");
    expect(refused.map((line) => line.replace(/:.*/, ""))).toEqual(["test.writeCluster.nodes", "test.readCluster.nodes"]);
  });

  it("is helped by what it is told to do", () => {
    expect(refusal(systemOf(40, { cluster: { nodes: 6, node } }))).toBe("nothing is refused");
    expect(refusal(systemOf(40, { cluster: { nodes: 3, node: { ...node, cpu: 8 } } }))).toBe("nothing is refused");
  });

  it("is warned and let through where an exception says why, which the summary repeats", () => {
    const { code, out, err, written } = started(
      systemOf(40, { cluster, exceptions: { insufficientCapacity: "the old nodes leave tonight" } }),
    );
    const warning = crowded.replace(", or say in exceptions.insufficientCapacity why that is right here", "");
    expect({ code, err, written }).toEqual({ code: 0, err: `warning: ${warning}\n`, written: ["cdktf.out"] });
    expect(out).toContain("insufficientCapacity  its nodes may not hold everything that must run\n");
    expect(out).toContain("because: the old nodes leave tonight\n");
    expect(out).toContain(
      "    cluster  11.0 of 11.8 cores and 23.0 of 41.5Gi;\n             10.9 of 7.8 cores and 22.7 of 27.7Gi with one zone down;\n",
    );
  });
});

it("an environment is told when its exception has nothing left to except", () => {
  const { err } = started(systemOf(4, { cluster, exceptions: { insufficientCapacity: "the old nodes leave tonight" } }));
  expect(err).toBe("warning: test.exceptions.insufficientCapacity: is needed no more: everything fits; remove it\n");
});

describe("what scales", () => {
  it("counts with its fewest, pods and nodes alike, and what it may come to is said", () => {
    const autoscaled = { nodes: { min: 3, max: 9 }, node };
    expect(headrooms(systemOf({ min: 4, max: 60 }, { cluster: autoscaled }))).toEqual([
      "test.cluster: 2.7 of 11.8 cores and 7.5 of 41.5Gi; 2.5 of 7.8 cores and 7.2 of 27.7Gi with one zone down; " +
        "capacity for a pod of 2.6 cores and 10.2Gi; at maximum replicas +14.8 cores and 28.5Gi, which does not fit",
    ]);
    expect(refusal(systemOf({ min: 40, max: 60 }, { cluster: autoscaled }))).toMatch(/^test\.cluster\.nodes: 3 of 4 cores with 16Gi leave/);
  });
});

describe("an existing cluster", () => {
  const allocatable = { zones: { "dc-1": 1, "dc-2": 1, "dc-3": 1 }, cpu: 4, memory: "15Gi" };

  it("is weighed against the room that it is said to have", () => {
    expect(headrooms(systemOf(4, { cluster: { context: "on-premises", allocatable } }))).toEqual([
      "test.cluster: 1.3 of 12.0 cores and 3.4 of 45.0Gi; 1.3 of 8.0 cores and 3.4 of 30.0Gi with one zone down; " +
        "capacity for a pod of 3.4 cores and 13.3Gi",
    ]);
    expect(refusal(systemOf(40, { cluster: { context: "on-premises", allocatable } }))).toBe(
      "test.cluster.allocatable: 3 of 4 cores with 15Gi leave 12.0 cores and 45.0Gi, and required pods request 10.3 cores and 21.4Gi: a new " +
        "version of write-side/command-processors finds no node for 10 pods in addition to the old ones; add a node to each zone, or say in " +
        "exceptions.insufficientCapacity why that is right here",
    );
  });

  it("takes no more pods on a node than it is said to", () => {
    const few = { ...allocatable, pods: 5 };
    expect(refusal(systemOf(4, { cluster: { context: "on-premises", allocatable: few } }))).toMatch(
      /^test\.cluster\.allocatable: 3 of 4 cores with 15Gi leave/,
    );
  });

  describe("that environments share", () => {
    const exceptions = { disposable: "ends with a test" };
    const onIt = (name: string, replicas: number, more: object = {}, except: object = {}) =>
      anEnvironment({
        name,
        aws: undefined,
        cluster: { context: "on-premises", shared: true, ...more },
        domains: { mails: { workers: { mails: { image, replicas } } } },
        exceptions: { ...exceptions, ...except },
      });
    const both = (replicas: number, except: object = {}) =>
      aProgram(
        onIt("staging", replicas, { allocatable }),
        onIt("quality", 4, { allocatable, preinstalled: ["external-secrets", "metrics-server"] }, except),
      );

    it("has room for all of them together, or for none", () => {
      const [staging = "", quality = ""] = headrooms(both(20));
      expect(staging).toMatch(/^staging\.cluster: 5\.\d of 12\.0 cores .*; staging and quality together 6\.\d of 12\.0 cores/);
      expect(quality).toMatch(/^quality\.cluster: 1\.\d of 12\.0 cores .*; staging and quality together 6\.\d of 12\.0 cores/);
      expect(refusal(both(29))).toMatch(
        /^quality\.cluster\.allocatable: 3 of 4 cores with 15Gi leave .*, and required pods of staging and quality request [^\n]*$/,
      );
    });

    it("has no room for one of them, if the others on it take it", () => {
      const report = (only: string, program = both(29)) => started(program, only).err;
      expect(report("staging")).toMatch(/^staging\.cluster\.allocatable: [^\n]* of staging and quality request [^\n]*\n$/);
      expect(report("quality")).toMatch(/^quality\.cluster\.allocatable: [^\n]* of staging and quality request [^\n]*\n$/);
      const excepted = both(29, { insufficientCapacity: "nodes come tonight" });
      for (const name of ["staging", "quality"])
        expect(report(name, excepted)).toMatch(new RegExp(`^warning: ${name}\\.cluster\\.allocatable: [^\\n]*\\n$`));
    });

    it("may be short of room where one says so that doesn't know its size", () => {
      const more = { preinstalled: ["external-secrets", "metrics-server"] };
      const unknown = (except: object) => aProgram(onIt("staging", 29, { allocatable }), onIt("quality", 4, more, except));
      expect(started(unknown({}), "quality").err).toMatch(/^quality\.cluster\.allocatable: .* exceptions\.insufficientCapacity /);
      const { code, err } = started(unknown({ insufficientCapacity: "nodes come tonight" }), "quality");
      expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^warning: quality\.cluster\.allocatable: [^\n]*\n$/) });
    });

    it("may be short of room where one of them says so", () => {
      const { code, err } = started(both(29, { insufficientCapacity: "nodes come tonight" }));
      expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^warning: quality\.cluster\.allocatable: [^\n]*\n$/) });
    });

    it("is known by one of them, and not by two in different ways", () => {
      const [, quality] = headrooms(
        aProgram(onIt("staging", 4, { allocatable }), onIt("quality", 4, { preinstalled: ["external-secrets", "metrics-server"] })),
      );
      expect(quality).toMatch(
        /^quality\.cluster: not checked: node sizes are unknown; required pods request 1\.\d cores and \d\.\dGi; staging and quality together 2\.\d of 12\.0 cores/,
      );
      const other = { ...allocatable, cpu: 8 };
      expect(refusal(aProgram(onIt("staging", 4, { allocatable }), onIt("quality", 4, { allocatable: other })))).toContain(
        "quality.cluster.allocatable: differs from that of staging, which is on the same cluster; write the same in both",
      );
    });
  });

  it("of which nothing is known is not judged", () => {
    expect(headrooms(systemOf(40, { cluster: { context: "on-premises" } }))).toEqual([
      expect.stringMatching(/^test\.cluster: not checked: node sizes are unknown; required pods request 1\d\.\d cores and \d+\.\dGi$/),
    ]);
  });
});
