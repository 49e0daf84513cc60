import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readable } from "../../cli/lines";
import { release, usage } from "../../cli/versions";
import type { Environment, Program, WorkloadRelease } from "../../stacks";
import { workloadsIn } from "../../stacks/model/derive/workloads";
import { released } from "../../stacks/model/release";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { accounts } from "../fixtures/environments/accounts";
import { production } from "../fixtures/environments/production";

const V1 = "registry.example.com/orders/api:1.0.0";
const V2 = "registry.example.com/orders/api:1.1.0";
const V3 = "registry.example.com/orders/api:1.2.0";
const PROCESSORS = "registry.example.com/orders/processors:1.0.0";

const FILE = "environments/test.release.json";

/** A write side whose API has slots and whose processors have none, and a query API that is released by rolling. */
const SYSTEM: Environment = anEnvironment({
  cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
  eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" },
  readDatabase: { engine: "cloudnative-pg" },
  commandApi: { replicas: 2, release: "blue-green" },
  commandProcessors: { replicas: 2 },
  queryApi: { replicas: 2 },
  exceptions: { disposable: "lives as long as a test" },
});

const BLUE: WorkloadRelease = { slots: { blue: V1 }, live: "blue" };
const BOTH: WorkloadRelease = { slots: { blue: V1, green: V2 }, live: "blue" };
const SWITCHED: WorkloadRelease = { ...BOTH, live: "green", previous: V1 };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "release-"));
  mkdirSync(join(directory, "environments"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
  jest.restoreAllMocks();
});

interface Told {
  readonly code: number;
  readonly said: string;

  /** What the release file holds of the workload afterwards. */
  readonly entry: WorkloadRelease | undefined;

  /** What runs of the workload afterwards. */
  readonly program: Program;
}

/** What a command line does to the file and says. */
function runOn(program: Program, ...argv: string[]): { code: number; said: string } {
  const said: string[] = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
  jest.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text).trimEnd()) > 0);
  const code = release(program, argv, { directory });
  return { code, said: said.join("\n") };
}

/** The same with the system above, of which one workload is released like this. */
function run(workload: string, entry: WorkloadRelease, ...argv: string[]): Told {
  const file = {
    "command-api": { slots: { blue: V1 }, live: "blue" },
    "command-processors": { image: PROCESSORS },
    "query-api": { image: V1 },
    [workload]: entry,
  };
  const before = text(file);
  writeFileSync(join(directory, FILE), before);
  const told = runOn(aProgram(released(SYSTEM, file)), "test", workload, ...argv);
  const after = readFileSync(join(directory, FILE), "utf8");
  expect(readdirSync(join(directory, "environments"))).toEqual(["test.release.json"]);
  if (told.code !== 0) expect(after).toBe(before);
  const program = aProgram(released(SYSTEM, JSON.parse(after)));
  if (told.code === 0) expect(errorsOf(program)).toEqual([]);
  return { ...told, entry: JSON.parse(after)[workload], program };
}

const api = (entry: WorkloadRelease, ...argv: string[]) => run("command-api", entry, ...argv);
const queries = (entry: WorkloadRelease, ...argv: string[]) => run("query-api", entry, ...argv);

/** The command API of a program as it runs. */
function running({ environments: [environment] }: Program): object | undefined {
  const found = workloadsIn(asDomains(environment as Environment)).find(({ workload: { name } }) => name === "command-api");
  return found?.workload.settings;
}

function text(file: object): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

describe("npm run release", () => {
  it("names the stack of the routes too where they have one of their own", () => {
    const domains = {
      shop: { services: { gateway: { replicas: 2, paths: ["/"], release: "blue-green" } }, trafficAfter: ["stock"] },
      stock: { workers: { counter: { replicas: 1 } } },
    };
    const file = { gateway: BOTH, counter: { image: PROCESSORS } };
    writeFileSync(join(directory, FILE), text(file));
    const exceptions = { disposable: "lives as long as a test" };
    const program = aProgram(released(anEnvironment({ aws: undefined, cluster: { context: "kind" }, exceptions, domains }), file));
    const { code, said } = runOn(program, "test", "gateway", "--switch");
    expect(code).toBe(0);
    expect(said).toContain("Next: npm run plan -- test-shop\n      npm run plan -- test-shop-traffic");
  });

  it("says what was, what is and what to type next", () => {
    expect(queries({ image: V1 }, "--image", V2)).toMatchObject({
      code: 0,
      said: [
        "test query-api",
        `  was  ${V1}`,
        `  is   ${V2}`,
        `       before: ${V1}`,
        `${FILE} is written; commit it.`,
        "Next: npm run plan -- test-read-side",
      ].join("\n"),
    });
    expect(api(BOTH, "--weights", "green=10").said).toBe(
      [
        "test command-api",
        `  was  blue   100%  ${V1}, live`,
        `       green    0%  ${V2}`,
        `  is   blue    90%  ${V1}, live`,
        `       green   10%  ${V2}`,
        `${FILE} is written; commit it.`,
        "Next: npm run plan -- test-write-side",
      ].join("\n"),
    );
  });

  it("writes the same text for the same content", () => {
    api({ live: "blue", slots: { green: V2, blue: V1 } }, "--weights", "green=10,blue=90");
    expect(readFileSync(join(directory, FILE), "utf8")).toBe(
      text({
        "command-api": { live: "blue", slots: { blue: V1, green: V2 }, weights: { blue: 90, green: 10 } },
        "command-processors": { image: PROCESSORS },
        "query-api": { image: V1 },
      }),
    );
  });

  it("writes nothing where all is so already", () => {
    const told = api(SWITCHED, "--slot", "blue", "--image", V1);
    expect(told).toMatchObject({ code: 0, entry: SWITCHED });
    expect(told.said).toBe(
      [
        "test command-api",
        `  is so already  blue     0%  ${V1}`,
        `                 green  100%  ${V2}, live`,
        `                 before: ${V1}`,
      ].join("\n"),
    );
  });

  it("shows what runs", () => {
    expect(api({ ...BOTH, preview: true }, "--show").said).toBe(
      ["test command-api", `  blue   100%  ${V1}, live`, `  green    0%  ${V2}, shown by a header`].join("\n"),
    );
    const program = aProgram(released(SYSTEM, { "command-api": BLUE, "query-api": { image: V1 } }));
    expect(runOn(program, "test", "--show").said).toBe(
      [
        "test command-api",
        `  blue   100%  ${V1}, live`,
        "  green    0%  empty",
        "test command-processors",
        "  nothing",
        "test query-api",
        `  ${V1}`,
      ].join("\n"),
    );
  });

  it("mends one thing beside others that are wrong, and names them", () => {
    const told = runOn(aProgram(released(SYSTEM, { "query-api": { image: V1 } })), "test", "command-processors", "--image", PROCESSORS);
    expect(told.code).toBe(0);
    expect(told.said).toContain(
      `Still wrong:\n${FILE}#command-api.slots: is missing;\n  npm run release -- test command-api --slot blue --image <image>\n`,
    );
    expect(JSON.parse(readFileSync(join(directory, FILE), "utf8"))).toEqual({
      "command-processors": { image: PROCESSORS },
      "query-api": { image: V1 },
    });
  });

  it("does nothing where types are wrong", () => {
    expect(queries({ image: V1 }, "--image", V2, "--check-only")).toMatchObject({ code: 0, said: "", entry: { image: V1 } });
  });

  it.each<[string[], string]>([
    [[], `release: requires the name of an environment\n\n${usage()}`],
    [["test", "--show", "--switch"], `release: --show can't be combined with a change\n\n${usage()}`],
    [["test"], `release: requires a change, or --show\n\n${usage()}`],
    [["test", "command-api"], `release: requires a change, or --show\n\n${usage()}`],
    [["test", "command-api", "more", "--switch"], `more: is one name too many\n\n${usage()}`],
    [["test", "command-api", "--switch", "--rollback"], `release: --rollback --switch is not a combination of options\n\n${usage()}`],
    [["test", "command-api", "--image", V1, "--force"], `release: --force --image is not a combination of options\n\n${usage()}`],
    [["test", "command-api", "--slot", "blue"], `release: --slot is not a combination of options\n\n${usage()}`],
    [["test", "command-api", "--imag", V1], `--imag: not an option here; did you mean --image?\n\n${usage()}`],
    [["test", "command-api", "--image"], `--image: needs an image\n\n${usage()}`],
    [["test", "command-api", "--slot", "purple", "--image", V1], "--slot purple: is not a slot; use blue or green"],
    [["test", "command-api", "--preview", "yes"], "--preview yes: is neither on nor off; use on or off"],
    [["test", "command-api", "--weights", "90"], "--weights 90: must be a percentage of requests; write it like blue=90,green=10"],
    [
      ["test", "command-api", "--weights", "blue=9,blue=9"],
      "--weights blue=9,blue=9: must be a percentage of requests; write it like blue=90,green=10",
    ],
    [["tset", "command-api", "--switch"], "There is no environment tset; did you mean test?\n  environments: test"],
    [
      ["test", "command-ap", "--switch"],
      "There is no workload or domain command-ap; did you mean command-api?\n  workloads: command-api, command-processors, query-api\n  domains: write-side, read-side",
    ],
  ])("answers %j", (argv, said) => {
    expect(runOn(aProgram(released(SYSTEM, { "command-api": BOTH })), ...argv)).toEqual({ code: 1, said });
    expect(readdirSync(join(directory, "environments"))).toEqual([]);
  });

  it.each([
    ["of none", SYSTEM],
    ["of another environment", { ...SYSTEM, release: { of: "other", workloads: {} } }],
  ])("has nowhere to write the release %s", (_, environment) => {
    expect(runOn(aProgram(environment), "test", "command-api", "--switch")).toEqual({
      code: 1,
      said: expect.stringMatching(
        /^test has no release file\. To add one:\n {2}1\. Create .*test\.release\.json with the content \{\}\n {2}2\. .*import release from "\.\/test\.release\.json";\n {2}3\. .*release: \{ of: "test", workloads: release \},\n/,
      ),
    });
  });
});

describe("docs/releases.md", () => {
  it("shows what the command says, step by step", () => {
    const file = join(directory, "environments/production.release.json");
    writeFileSync(file, JSON.stringify(production.release.workloads));
    const page = readFileSync("docs/releases.md", "utf8");
    const steps = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
      block.split(/^\$ npm run release -- /m).slice(1),
    );
    expect(steps.length).toBeGreaterThan(5);
    for (const step of steps) {
      const [typed = "", ...shown] = step.trimEnd().split("\n");
      const program = {
        accounts,
        environments: [released(production, JSON.parse(readFileSync(file, "utf8")))],
      };
      expect(runOn(program, ...typed.split(" "))).toEqual({ code: 0, said: shown.join("\n") });
    }
  });
});

describe("a release by rolling", () => {
  it("remembers the version before, and goes back to it once", () => {
    const next = queries({ image: V1 }, "--image", V2);
    expect(next.entry).toEqual({ image: V2, previous: V1 });
    const back = queries({ image: V2, previous: V1 }, "--rollback");
    expect(back.entry).toEqual({ image: V1 });
    expect(queries({ image: V1 }, "--rollback")).toMatchObject({
      code: 1,
      said: "test query-api has no version to go back to; name one: --image <image>",
    });
  });

  it("remembers the version before when the same one is asked for twice", () => {
    expect(queries({ image: V2, previous: V1 }, "--image", V2).entry).toEqual({ image: V2, previous: V1 });
  });

  it("begins with any image, and with what was live where there were slots", () => {
    expect(queries({}, "--image", V1).entry).toEqual({ image: V1 });
    expect(queries(SWITCHED, "--image", V3).entry).toEqual({ image: V3, previous: V2 });
  });

  it("is checked before it is written", () => {
    expect(queries({ image: V1 }, "--image", "orders:latest")).toMatchObject({
      code: 1,
      said: `${FILE}#query-api.image: "orders:latest" can change under a running system;\n  name a version or a digest, like registry.example.com/orders/api:1.0.0`,
    });
  });

  it.each([
    [["--slot", "green", "--image", V2]],
    [["--slot", "green", "--empty"]],
    [["--switch"]],
    [["--weights", "green=10"]],
    [["--preview", "on"]],
  ])("has no slots: %j", (argv) => {
    expect(queries({ image: V1 }, ...argv).said).toBe(
      'test query-api is released by rolling;\n  use --image alone, or say release: "blue-green" in the environment',
    );
    expect(run("command-processors", { image: V1 }, ...argv).said).toBe(
      "test command-processors would run twice: both slots would take from the same queue;\n  use --image alone",
    );
  });
});

describe("several workloads at once", () => {
  const FILES = {
    "command-api": SWITCHED,
    "command-processors": { image: V2, previous: PROCESSORS },
    "query-api": { image: V2, previous: V1 },
  };

  /** What a command line does to the release file of the system above, and says. */
  function together(file: Readonly<Record<string, WorkloadRelease>>, ...argv: string[]) {
    return of(SYSTEM, file, ...argv);
  }

  function of(system: Environment, file: Readonly<Record<string, WorkloadRelease>>, ...argv: string[]) {
    writeFileSync(join(directory, FILE), text(file));
    const told = runOn(aProgram(released(system, file)), "test", ...argv);
    return { ...told, file: JSON.parse(readFileSync(join(directory, FILE), "utf8")) };
  }

  it("go back with their domain, and with no other", () => {
    expect(together(FILES, "write-side", "--rollback")).toEqual({
      code: 0,
      said: [
        "test command-api",
        `  was  blue     0%  ${V1}`,
        `       green  100%  ${V2}, live`,
        `       before: ${V1}`,
        `  is   blue   100%  ${V1}, live`,
        `       green    0%  ${V2}`,
        "test command-processors",
        `  was  ${V2}`,
        `       before: ${PROCESSORS}`,
        `  is   ${PROCESSORS}`,
        `${FILE} is written; commit it.`,
        "Next: npm run plan -- test-write-side",
      ].join("\n"),
      file: { "command-api": BOTH, "command-processors": { image: PROCESSORS }, "query-api": { image: V2, previous: V1 } },
    });
  });

  it("go back where they can, and what is left is named", () => {
    const { said, file } = together({ ...FILES, "command-processors": { image: PROCESSORS } }, "write-side", "--rollback");
    expect(said).toContain(
      [
        "Left as they are:",
        "  test command-processors has no version to go back to; name one: --image <image>",
        `${FILE} is written; commit it.`,
      ].join("\n"),
    );
    expect(file).toMatchObject({ "command-api": BOTH, "command-processors": { image: PROCESSORS } });
  });

  it("go back of the whole environment, and what to plan then is said stack by stack", () => {
    const { said, file } = together(FILES, "--rollback");
    expect(said).toMatch(/\nNext: npm run plan -- test-write-side\n {6}npm run plan -- test-read-side$/);
    expect(said).not.toContain("Left");
    expect(file).toEqual({ "command-api": BOTH, "command-processors": { image: PROCESSORS }, "query-api": { image: V1 } });
  });

  it("go back without the backup that an apply requires otherwise", () => {
    const requiring: Environment = { ...SYSTEM, backup: { beforeRelease: "24h" } };
    expect(of(requiring, FILES, "read-side", "--rollback").said).toMatch(
      /\nNext: npm run plan -- test-read-side\n {6}npm run apply -- test-read-side --without-backup$/,
    );
    expect(of(requiring, { ...FILES, "command-api": BOTH }, "write-side", "--switch").said).not.toContain("--without-backup");
  });

  it("leave what ran before, because an older image takes nothing back", () => {
    const system = anEnvironment({ ...SYSTEM, migrations: {} });
    const { said } = runOn(aProgram(released(system, { ...FILES, migrations: { image: V2, previous: V1 } })), "test", "--rollback");
    expect(said).toContain(
      "Left as they are:\n  test migrations: an older image takes nothing back;\n    run the script that undoes the change, or add a change: --image <image>\n",
    );
  });

  it("turn to the other slot where they have slots", () => {
    expect(together({ ...FILES, "command-api": BOTH }, "--switch")).toEqual({
      code: 0,
      said: [
        "test command-api",
        `  was  blue   100%  ${V1}, live`,
        `       green    0%  ${V2}`,
        `  is   blue     0%  ${V1}`,
        `       green  100%  ${V2}, live`,
        `       before: ${V1}`,
        "Left as they are:",
        "  test command-processors would run twice: both slots would take from the same queue;",
        "    use --image alone",
        "  test query-api is released by rolling;",
        '    use --image alone, or say release: "blue-green" in the environment',
        `${FILE} is written; commit it.`,
        "Next: npm run plan -- test-write-side",
      ].join("\n"),
      file: { ...FILES, "command-api": SWITCHED },
    });
  });

  it.each<[string[], string]>([
    [
      ["read-side", "--switch"],
      'Nothing is changed:\ntest query-api is released by rolling; use --image alone, or say release: "blue-green" in the environment',
    ],
    [["read-side", "--image", V3], `name one workload: query-api\n\n${usage()}`],
    [["--image", V3], `name one workload: command-api, command-processors, query-api\n\n${usage()}`],
    [["write-side", "--rollback", "--switch"], `release: --rollback --switch is not a combination of options\n\n${usage()}`],
    [
      ["write-sid", "--rollback"],
      "There is no workload or domain write-sid; did you mean write-side?\n  workloads: command-api, command-processors, query-api\n  domains: write-side, read-side",
    ],
  ])("are left alone by %j", (argv, said) => {
    expect(together(FILES, ...argv)).toEqual({ code: 1, said: readable(said), file: FILES });
  });
});

describe("a migration", () => {
  it("goes forward only", () => {
    const system = anEnvironment({ ...SYSTEM, migrations: {} });
    const program = aProgram(released(system, { migrations: { image: V2, previous: V1 } }));
    expect(runOn(program, "test", "migrations", "--rollback")).toEqual({
      code: 1,
      said: "test migrations: an older image takes nothing back;\n  run the script that undoes the change, or add a change: --image <image>",
    });
    expect(runOn(program, "test", "migrations", "--image", V3).said).toMatch(/Next: npm run plan -- test-migrations$/);
  });
});

describe("a blue-green release", () => {
  it("puts a version beside the running one, shows it, gives it a share, turns to it and turns back", () => {
    const steps: [string[], WorkloadRelease][] = [
      [["--slot", "green", "--image", V2], BOTH],
      [["--preview", "on"], { ...BOTH, preview: true }],
      [["--preview", "off"], BOTH],
      [["--weights", "green=10"], { ...BOTH, weights: { blue: 90, green: 10 } }],
      [["--switch"], SWITCHED],
      [["--rollback"], BOTH],
    ];
    let entry = BLUE;
    for (const [argv, expected] of steps) {
      const told = api(entry, ...argv);
      expect([argv, told.entry]).toEqual([argv, expected]);
      entry = told.entry ?? {};
    }
  });

  it("changes one value of what runs when it is turned, and when it is turned back", () => {
    const [before, there] = [aProgram(released(SYSTEM, { "command-api": BOTH })), api(BOTH, "--switch")].map((told) =>
      running("program" in told ? told.program : told),
    );
    expect(before).toMatchObject(BOTH);
    expect(there).toEqual({ ...before, live: "green" });
    expect(running(api(SWITCHED, "--rollback").program)).toEqual(before);
  });

  it("begins with one slot, or with what was released by rolling until then", () => {
    expect(api({}, "--slot", "blue", "--image", V1).entry).toEqual(BLUE);
    expect(api({ image: V1, previous: V3 }, "--slot", "green", "--image", V2).entry).toEqual(BOTH);
    expect(api({ image: V1 }, "--slot", "blue", "--image", V1).entry).toEqual(BLUE);
  });

  it("takes back a share rather than turn to the version that had it", () => {
    expect(api({ ...BOTH, weights: { blue: 90, green: 10 } }, "--rollback").entry).toEqual(BOTH);
    const later = { ...BOTH, previous: V3, weights: { blue: 90, green: 10 } };
    expect(api(later, "--rollback").entry).toEqual({ ...BOTH, previous: V3 });
  });

  it("goes back whole where a part of the requests has gone back already", () => {
    expect(api({ ...SWITCHED, weights: { blue: 50, green: 50 } }, "--rollback").entry).toEqual(BOTH);
  });

  it("has no weights where one slot takes everything", () => {
    expect(api({ ...BOTH, weights: { blue: 90, green: 10 } }, "--weights", "blue=100,green=0").entry).toEqual(BOTH);
  });

  it("frees a slot, and what was in it can be put back", () => {
    const { previous: _, ...freed } = { ...SWITCHED, slots: { green: V2 } };
    expect(api({ ...BOTH, live: "green" }, "--slot", "blue", "--empty").entry).toEqual(freed);
    expect(api({ ...BOTH, live: "green", preview: true }, "--slot", "blue", "--empty").entry).toEqual(freed);
    expect(api({ ...SWITCHED, slots: { green: V2 } }, "--slot", "blue", "--image", V1).entry).toEqual(SWITCHED);
    expect(api(BLUE, "--slot", "green", "--empty").said).toMatch(/^test command-api\n {2}is so already/);
  });

  it("replaces what takes requests only by force", () => {
    expect(api(BOTH, "--slot", "blue", "--image", V3, "--force").entry).toEqual({ ...BOTH, slots: { blue: V3, green: V2 } });
    const shared = { ...BOTH, weights: { blue: 90, green: 10 } };
    expect(api(shared, "--slot", "green", "--image", V3, "--force").entry).toEqual({ ...shared, slots: { blue: V1, green: V3 } });
  });

  it.each<[string, WorkloadRelease, string[], string]>([
    [
      "an image without a slot",
      BOTH,
      ["--image", V3],
      `test command-api is released blue-green; name the slot: --slot green --image ${V3}`,
    ],
    [
      "a version in place of the live one",
      BOTH,
      ["--slot", "blue", "--image", V3],
      "test command-api: blue is live, and a version put there replaces the running one at once; put it into green, or say --force",
    ],
    [
      "a version in place of one that takes a share",
      { ...BOTH, weights: { blue: 90, green: 10 } },
      ["--slot", "green", "--image", V3],
      "test command-api: green takes 10 of 100 requests, and a version put there replaces the running one at once; take them away first with --weights green=0, or say --force",
    ],
    [
      "to empty the live slot",
      BOTH,
      ["--slot", "blue", "--empty"],
      "test command-api: blue is live, and empty it would answer none; turn to green first with --switch",
    ],
    [
      "to empty a slot that takes a share",
      { ...BOTH, weights: { blue: 90, green: 10 } },
      ["--slot", "green", "--empty"],
      "test command-api: green takes 10 of 100 requests, and empty it would answer none; take them away first with --weights green=0",
    ],
    [
      "to turn to an empty slot",
      BLUE,
      ["--switch"],
      "test command-api: green has no image; put one there first: --slot green --image <image>",
    ],
    [
      "a share for an empty slot",
      BLUE,
      ["--weights", "green=10"],
      `${FILE}#command-api.weights.green: 10 of 100 requests go to a slot without an image; put one into slots.green, or leave the weights out`,
    ],
    [
      "shares that are not the whole",
      BOTH,
      ["--weights", "blue=90,green=5"],
      `${FILE}#command-api.weights: {"blue":90,"green":5} make 95 of 100; let the two add up to 100`,
    ],
    [
      "everything for the slot that is not live",
      BOTH,
      ["--weights", "green=100"],
      "test command-api: blue is live and would take nothing; to turn to green say --switch",
    ],
    [
      "anything before there is a version",
      {},
      ["--preview", "on"],
      "test command-api has nothing live; begin with --slot blue --image <image>",
    ],
    [
      "to go back to a version that was never live",
      BOTH,
      ["--rollback"],
      "test command-api has no version to go back to; to turn to green all the same, say --switch",
    ],
    [
      "to go back where nothing was released yet",
      BLUE,
      ["--rollback"],
      "test command-api has no version to go back to; green is empty as well",
    ],
    [
      "to go back where the next version is in the slot already",
      { ...SWITCHED, slots: { blue: V3, green: V2 } },
      ["--rollback"],
      `test command-api: blue has ${V3}, which was never live; put the one before back with --slot blue --image ${V1}, then --switch`,
    ],
    [
      "to go back where the slot has been freed",
      { ...SWITCHED, slots: { green: V2 } },
      ["--rollback"],
      `test command-api: blue, which had ${V1}, is empty; put the one before back with --slot blue --image ${V1}, then --switch`,
    ],
  ])("refuses %s", (_, entry, argv, said) => {
    expect(api(entry, ...argv)).toMatchObject({ code: 1, said: readable(said) });
  });
});
