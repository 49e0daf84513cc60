import { Testing } from "cdktf";
import { compose, type Environment, InvalidInput, type Service } from "../../stacks";
import { workloadsIn } from "../../stacks/model/derive/workloads";
import { released, versionsOf } from "../../stacks/model/release";
import { asDomains } from "../../stacks/model/shorthand";
import { composed } from "../../stacks/synthesize";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { program } from "../fixtures/environments";
import { dev } from "../fixtures/environments/dev";

const V1 = "registry.example.com/orders/command-api:1.0.0";
const V2 = "registry.example.com/orders/command-api:1.1.0";
const PROCESSORS = { "command-processors": { image: "registry.example.com/orders/processors:1.0.0" } };

/** An environment whose command API has slots, and whose processors have none. */
function aSystem(commandApi: object = { release: "blue-green" }, changes: object = {}): Environment {
  return anEnvironment({
    cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
    eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" },
    commandApi: { replicas: 2, ...commandApi },
    commandProcessors: { replicas: 2 },
    exceptions: { disposable: "lives as long as a test" },
    ...changes,
  });
}

/** What is said about the release of the command API that has slots. */
function complaints(entry: object, environment = aSystem()): readonly string[] {
  return errorsOf(aProgram(released(environment, { ...PROCESSORS, "command-api": entry })));
}

/** The settings of what runs, by the name of the workload. */
const settingsOf = (environment: Environment): Readonly<Record<string, object>> =>
  Object.fromEntries(workloadsIn(asDomains(environment)).map(({ workload: { name, settings } }) => [name, settings]));

/** The command API as it runs. */
function running(entry: object, environment = aSystem()): Service {
  return settingsOf(released(environment, { ...PROCESSORS, "command-api": entry }))["command-api"] as Service;
}

const FILE = "environments/test.release.json";
const BOTH = { slots: { blue: V1, green: V2 }, live: "blue" };

describe("a release", () => {
  it("that is shipped names an image for every workload", () => {
    for (const environment of program.environments.filter(({ release }) => release !== undefined)) {
      const workloads = workloadsIn(asDomains(environment)).flatMap(({ workload: { kind, settings } }) =>
        kind === "job" ? [] : [settings],
      );
      expect(workloads).not.toEqual([]);
      expect(workloads.map((workload) => versionsOf(workload as Service))).toEqual(
        workloads.map(() => [
          expect.objectContaining({ image: expect.stringMatching(/^registry\.example\.com\//), live: true, weight: 100 }),
        ]),
      );
    }
  });

  it("brings each workload its image or its slots, and nothing that only the way back needs", () => {
    const environment = released(aSystem(), { ...PROCESSORS, "command-api": { ...BOTH, previous: V2 } });
    expect(asDomains(environment)).not.toHaveProperty("release");
    expect(settingsOf(environment)).toEqual({
      "command-api": { replicas: 2, release: "blue-green", ...BOTH },
      "command-processors": { replicas: 2, ...PROCESSORS["command-processors"] },
    });
  });

  it("is in what stacks are made of", () => {
    const [{ sites } = { sites: [] }] = compose(Testing.app(), program, "dev");
    expect(
      sites.map(({ site }) =>
        site.environment.domains.flatMap(({ projections }) => projections.map(({ settings }) => versionsOf(settings))),
      ),
    ).toEqual([[[expect.objectContaining({ image: dev.release.workloads.projections.image })]]]);
  });

  it("finds workloads by their names where several fill a role", () => {
    const commandApi = [
      { name: "orders", replicas: 2, paths: ["/orders"] },
      { name: "stock", replicas: 2, paths: ["/stock"] },
    ];
    const environment = released(aSystem({}, { commandApi }), { ...PROCESSORS, orders: { image: V1 }, stock: { image: V2 } });
    expect(errorsOf(aProgram(environment))).toEqual([]);
    expect(settingsOf(environment)).toMatchObject({ orders: { image: V1 }, stock: { image: V2 } });
  });

  it("changes neither the environment nor the file", () => {
    const [environment, file] = [aSystem(), { ...PROCESSORS, "command-api": BOTH }].map(frozen) as [Environment, typeof PROCESSORS];
    const [one, other] = [asDomains(released(environment, file)), asDomains(released(environment, file))];
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });

  it("turned from one slot to the other is one value, and so is the way back", () => {
    const [before, after] = [running(BOTH), running({ ...BOTH, live: "green", previous: V1 })];
    expect(after).toEqual({ ...before, live: "green" });
  });

  it("is not needed where images stand in the workloads", () => {
    const environment = aSystem({ image: V1 }, { commandProcessors: { image: V1, replicas: 2 } });
    expect(errorsOf(aProgram(environment))).toEqual([]);
    expect(settingsOf(environment)).toEqual({ "command-api": environment.commandApi, "command-processors": environment.commandProcessors });
  });
});

describe("what runs of a workload", () => {
  const versions = (entry: object) => versionsOf(running(entry));
  const [one, other] = [
    { slot: "blue", image: V1, live: true, weight: 100, preview: false },
    { slot: "green", image: V2, live: false, weight: 0, preview: false },
  ];

  it("is one version where it has no slots", () => {
    expect(versionsOf(running({ image: V1 }, aSystem({})))).toEqual([{ image: V1, live: true, weight: 100, preview: false }]);
  });

  it("is a version for each slot that is filled, of which the live one takes all requests", () => {
    expect(versions(BOTH)).toEqual([one, other]);
    expect(versions({ slots: { blue: V1 }, live: "blue" })).toEqual([one]);
  });

  it("shares requests by weight, and shows the slot that is not live to those who ask for it", () => {
    expect(versions({ ...BOTH, weights: { blue: 90, green: 10 }, preview: true })).toEqual([
      { ...one, weight: 90 },
      { ...other, weight: 10, preview: true },
    ]);
  });
});

describe("a release file", () => {
  it.each<[object, string]>([
    [
      { ...BOTH, slots: { blue: V1, green: "orders:latest" } },
      '.slots.green: "orders:latest" can change under a running system; name a version or a digest, like registry.example.com/orders/api:1.0.0',
    ],
    [
      { ...BOTH, previous: "Orders" },
      '.previous: "Orders" must be an image reference; name a version or a digest, like registry.example.com/orders/api:1.0.0',
    ],
    [{ ...BOTH, live: "grean" }, '.live: "grean" is not a supported slot; did you mean "green"?'],
    [{ ...BOTH, weihgts: {} }, '.weihgts: is not a setting here; did you mean "weights"?'],
    [{ ...BOTH, slots: { purple: V1, blue: V1 } }, ".slots.purple: is not a setting here; use one of blue, green"],
    [{ ...BOTH, weights: { blue: 90 } }, ".weights.green: is missing; use a whole number from 0 to 100"],
    [{ ...BOTH, weights: { blue: 110, green: -10 } }, ".weights.blue: 110 is not possible here; use a whole number from 0 to 100"],
    [{ ...BOTH, preview: "on" }, '.preview: "on" is neither on nor off; use true or false'],
    [{ ...BOTH, weights: { blue: 90, green: 5 } }, '.weights: {"blue":90,"green":5} make 95 of 100; let the two add up to 100'],
    [{ ...BOTH, weights: { blue: 0, green: 100 } }, '.weights.blue: 0 leaves the live slot nothing; say live: "green", and no weights'],
    [
      { slots: { blue: V1 }, live: "blue", weights: { blue: 90, green: 10 } },
      ".weights.green: 10 of 100 requests go to a slot without an image; put one into slots.green, or leave the weights out",
    ],
    [
      { slots: { blue: V1 }, live: "blue", preview: true },
      ".preview: true shows green, which has no image; put one into slots.green, or leave it out",
    ],
    [{ slots: { blue: V1 }, live: "green" }, '.live: "green" is a slot without an image; put one into slots.green, or say blue'],
    [{ slots: {}, live: "green" }, '.live: "green" is a slot without an image; put one into slots.green'],
    [{ slots: { blue: V1 } }, ".live: is missing; name the slot that takes requests: blue or green"],
    [{ ...BOTH, image: V1 }, `.image: "${V1}" is of rolling releases, and command-api is released blue-green; leave it out`],
    [
      { image: V1 },
      `.image: "${V1}" is of rolling releases, and command-api is released blue-green; cdktf-cqrs release test command-api --slot blue --image ${V1}`,
    ],
    [{}, ".slots: is missing; cdktf-cqrs release test command-api --slot blue --image <image>"],
  ])("with %j is refused", (entry, message) => {
    expect(complaints(entry)[0]).toBe(`${FILE}#command-api${message}`);
    if (!message.includes("blue: 110")) expect(complaints(entry)).toHaveLength(1);
  });

  it.each<[object, string]>([
    [
      { image: V1, slots: { blue: V1 } },
      '.slots: is of blue-green releases, and command-api is released by rolling; use image alone, or say release: "blue-green" in the environment',
    ],
    [
      { image: V1, preview: true },
      '.preview: is of blue-green releases, and command-api is released by rolling; use image alone, or say release: "blue-green" in the environment',
    ],
    [
      { image: "orders" },
      '.image: "orders" can change under a running system; name a version or a digest, like registry.example.com/orders/api:1.0.0',
    ],
    [{}, ".image: is missing; cdktf-cqrs release test command-api --image <image>"],
  ])("with %j of a service that has no slots is refused", (entry, message) => {
    expect(complaints(entry, aSystem({}))).toEqual([`${FILE}#command-api${message}`]);
  });

  it("says once that an image is missing, and not what constructs lack without it", () => {
    const unreleased = aProgram(released(aSystem({ release: "rolling" }), {}));
    expect(() => composed(Testing.app(), unreleased)).toThrow(
      new InvalidInput(
        ["command-api", "command-processors"].map((name) => ({
          path: `${FILE}#${name}.image`,
          rule: "is missing",
          remedy: `cdktf-cqrs release test ${name} --image <image>`,
        })),
      ),
    );
  });

  it("never has two versions of what must be single", () => {
    const projections = { workers: 2, parallelism: 2 };
    const environment = aSystem({}, { projections, readDatabase: { engine: "cloudnative-pg" }, commandApi: undefined });
    const file = { "command-processors": { ...BOTH, image: V1 }, projections: { image: V1, weights: { blue: 50, green: 50 } } };
    expect(errorsOf(aProgram(released(environment, file)))).toEqual([
      `${FILE}#command-processors.slots: would run twice: both slots would take from the same queue; use image alone`,
      `${FILE}#projections.weights: would run twice: both slots would write the same read models; use image alone`,
    ]);
    const commandProcessors = { image: V1, replicas: 2, release: "blue-green" };
    expect(errorsOf(aProgram(aSystem({ image: V1 }, { commandProcessors })))).toEqual([
      'test.commandProcessors.release: "blue-green" would run twice: both slots would take from the same queue; leave it out: it is released by rolling',
    ]);
    expect(errorsOf(aProgram(aSystem({ image: V1 }, { commandProcessors: { ...commandProcessors, release: "rolling" } })))).toEqual([]);
  });

  it("names workloads that there are", () => {
    expect(errorsOf(aProgram(released(aSystem(), { ...PROCESSORS, "command-api": BOTH, "command-ap": {} })))).toEqual([
      `${FILE}#command-ap: is not a workload of test; did you mean "command-api"?`,
    ]);
    expect(errorsOf(aProgram(released(anEnvironment(), { "query-api": {} })))).toEqual([
      `${FILE}#query-api: is not a workload of test; remove it`,
    ]);
  });

  it("is the one place for what it names", () => {
    expect(complaints(BOTH, aSystem({ release: "blue-green", live: "green" }))).toEqual([
      `test.commandApi.live: "green" is also set in ${FILE}; leave it out here`,
    ]);
  });

  it("is the environment's own", () => {
    const environment = released(aSystem(), { ...PROCESSORS, "command-api": BOTH });
    expect(errorsOf(aProgram({ ...environment, name: "other" }))).toEqual([
      'other.release.of: "test" is another environment; import environments/other.release.json here',
    ]);
  });

  it.each([[null], [3], ["orders"], [[]]])("that holds %j is answered once", (entry) => {
    expect(complaints(entry as unknown as object)).toEqual([
      `${FILE}#command-api: ${JSON.stringify(entry)} must be an object; write { … }`,
    ]);
    expect(errorsOf(aProgram(released(aSystem(), entry as unknown as Record<string, object>)))).toEqual([
      `${FILE}: ${JSON.stringify(entry)} must be an object; write { … }`,
    ]);
  });
});

describe("images in the environment itself", () => {
  it("have slots where a service is released blue-green", () => {
    expect(errorsOf(aProgram(aSystem({ release: "blue-green" }, { commandProcessors: { image: V1, replicas: 2 } })))).toEqual([
      "test.commandApi.slots: is missing; name an image for blue or green",
    ]);
    expect(
      errorsOf(aProgram(aSystem({ release: "blue-green", slots: { blue: V1 }, live: "green" }, { commandProcessors: undefined }))),
    ).toEqual(['test.commandApi.live: "green" is a slot without an image; put one into slots.green, or say blue']);
  });

  it("stand in slots of what has them", () => {
    expect(errorsOf(aProgram(aSystem({ release: "blue-green", image: V1 }, { commandProcessors: undefined })))).toEqual([
      `test.commandApi.image: "${V1}" is of rolling releases, and command-api is released blue-green; put it into a slot`,
    ]);
  });

  it("are missed where there is no release file", () => {
    expect(errorsOf(aProgram(aSystem({}, { commandProcessors: undefined })))).toEqual([
      "test.commandApi.image: is missing; name a version or a digest, like registry.example.com/orders/api:1.0.0",
    ]);
  });

  it("belong to workloads of different names", () => {
    const commandProcessors = { name: "command-api", image: V1, replicas: 2 };
    expect(errorsOf(aProgram(aSystem({ image: V1 }, { commandProcessors })))).toEqual([
      'test.commandProcessors.name: "command-api" is the name of commandApi as well; choose another',
    ]);
    expect(
      errorsOf(aProgram(aSystem({ image: V1, name: "command-processors" }, { commandProcessors: { image: V1, replicas: 2 } }))),
    ).toEqual(["test.commandProcessors: is called command-processors, and so is commandApi; name it otherwise"]);
  });
});

/** What throws when somebody changes it. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) for (const inner of Object.values(Object.freeze(value))) frozen(inner);
  return value;
}
