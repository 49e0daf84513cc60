import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AwsFailure } from "../../cli/aws";
import { COLUMNS } from "../../cli/lines";
import { outdated, type Sources } from "../../cli/outdated";
import { IMAGE_CHANGES } from "../../cli/outdated/changes";
import { newer } from "../../cli/outdated/newer";
import { IMAGES } from "../../cli/outdated/pins";
import { chartVersions, NoAnswer } from "../../cli/outdated/registries";
import { CHARTS, KUBERNETES, TOOLS } from "../../constructs/core/versions";
import type { Synthesis } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { aSynthesis } from "./synthesis";

describe("newer versions", () => {
  it.each([
    ["1.2.3", ["1.2.3", "1.2.2", "1.10.0", "1.9.0"], { within: "1.10.0" }],
    ["1.2.3", ["1.2.4", "2.0.0", "3.1.0"], { within: "1.2.4", beyond: "3.1.0" }],
    ["1.2.3", ["2.0.0-beta.1", "1.3", "latest", "1.2.4-rc1"], {}],
    ["v1.21.1", ["v1.22.0"], { within: "v1.22.0" }],
    ["0.29.0", ["0.29.1", "0.30.0"], { within: "0.29.1", beyond: "0.30.0" }],
    [
      "18.4-alpine3.24",
      ["18.5", "18.4-alpine3.25", "19.1-alpine3.25", "18.5-trixie"],
      { within: "18.4-alpine3.25", beyond: "19.1-alpine3.25" },
    ],
    ["v1.23.0-eksbuild.1", ["v1.23.0-eksbuild.3", "v1.22.9-eksbuild.9"], { within: "v1.23.0-eksbuild.3" }],
    ["1.35.6-20260818", ["1.35.6-20261101"], { within: "1.35.6-20261101" }],
    ["~> 5.21", ["5.99.0", "6.0.1"], { beyond: "6.0.1" }],
    [">= 5, < 7", ["7.0.0"], undefined],
  ])("of %s among %j are %j", (current, all, expected) => expect(newer(current, all)).toEqual(expected));
});

describe("the index of a chart repository", () => {
  const index = `apiVersion: v1
entries:
  keda-add-on:
  - version: 9.9.9
  keda:
  - apiVersion: v2
    dependencies:
    - name: other
      version: 7.7.7
    version: 2.21.0
  - version: "2.20.2"
    name: keda
  zulu:
  - version: 8.8.8
`;

  it("has the versions of a chart, and not those of its dependencies", () =>
    expect(chartVersions(index, "keda")).toEqual(["2.21.0", "2.20.2"]));
  it("may be indented, and the chart the last one", () =>
    expect(chartVersions("entries:\n  a:\n    - name: a\n      version: 1.0.0\n    - version: 1.1.0\n", "a")).toEqual(["1.0.0", "1.1.0"]));
  it("may lack the chart", () => expect(() => chartVersions(index, "kafka")).toThrow("the repository has no chart kafka"));
});

it("there is a page of changes for every image that the platform pins", () => {
  const repositories = IMAGES.map((image) => image.replace(/^[^/]+\//, "").replace(/:.*/, ""));
  expect([...new Set(repositories)].sort()).toEqual(Object.keys(IMAGE_CHANGES).sort());
});

describe("cdktf-cqrs outdated", () => {
  const cloud = anEnvironment({
    name: "cloud",
    cluster: { version: "1.35", nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
  });
  const [pgbouncer, curl] = [IMAGES.find((image) => image.includes("pgbouncer")) ?? "", TOOLS.curl];
  const eks = {
    terraform: { required_providers: { aws: { source: "aws", version: ">= 5.100, < 7" } } },
    resource: {
      aws_eks_cluster: { cluster: { version: "1.35" } },
      aws_eks_addon: { cni: { addon_name: "vpc-cni", addon_version: "v1.23.0-eksbuild.1" } },
      aws_eks_node_group: {
        a: { version: "1.35", release_version: KUBERNETES["1.35"].nodeImage, ami_type: "AL2023_ARM_64_STANDARD" },
      },
    },
  };
  // With a mirror, images have another host, and charts another repository.
  const pods = {
    resource: {
      kubernetes_job_v1: {
        a: { image: curl.replace("docker.io", "mirror.example.com") },
        b: { image: "mirror.example.com/orders/api:1.0.0" },
      },
    },
  };
  const releases = [
    { chart: "keda", repository: "oci://mirror.example.com", version: CHARTS.keda.version },
    { chart: "cert-manager", version: CHARTS["cert-manager"].version },
    { chart: "kafka-ui", repository: "https://charts.example.com/", version: "1.0.0" },
  ];
  const site = { site: { environment: cloud }, releases } as unknown as Synthesis["sites"][number];
  const made = () => aSynthesis({ "cloud-cluster": eks, "cloud-read-side": pods }, site);

  let server: Server;
  let directory: string;

  /** Answers by host and path. Others are not found. */
  let answers: Readonly<Record<string, readonly [body: string, headers?: Record<string, string>]>>;
  let asked: string[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { host, authorization } = request.headers;
      asked.push(`${request.headers["x-host"]}${request.url}`);
      const needsToken = request.headers["x-host"] === "quay.io" && request.url?.startsWith("/v2/") && authorization !== "Bearer anonymous";
      if (needsToken) {
        response.writeHead(401, { "www-authenticate": 'Bearer realm="https://quay.io/auth",service="quay",scope="pull"' }).end();
        return;
      }
      const [body, headers = {}] = answers[`${request.headers["x-host"]}${request.url}`] ?? [];
      response.writeHead(body === undefined ? 404 : 200, headers).end(body ?? host);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  afterAll(() => new Promise((done) => server.close(done)));

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
    write("package.json", { dependencies: { "cdktf-cqrs": "0.1.0", cdktf: "npm:cdktn@0.24.0", left: "1.0.0" } });
    write("node_modules/cdktf-cqrs/package.json", { name: "cdktf-cqrs", version: "0.1.0" });
    write("node_modules/cdktf/package.json", { name: "cdktn", version: "0.24.0" });
    asked = [];
    answers = {
      "kedacore.github.io/charts/index.yaml": ["entries:\n  keda:\n  - version: 2.99.0\n  - version: 3.0.0\n"],
      "quay.io/auth?service=quay&scope=pull": ['{"token":"anonymous"}'],
      "quay.io/v2/jetstack/charts/cert-manager/tags/list?n=1000": [
        '{"tags":["v1.99.0"]}',
        { link: '</v2/jetstack/charts/cert-manager/tags/list?n=1000&last=v1.99.0>; rel="next"' },
      ],
      "quay.io/v2/jetstack/charts/cert-manager/tags/list?n=1000&last=v1.99.0": ['{"tags":["v1.99.1"]}'],
      "charts.example.com/index.yaml": ["entries:\n  kafka-ui:\n  - version: 1.0.0\n"],
      "registry-1.docker.io/v2/curlimages/curl/tags/list?n=1000": ['{"tags":["8.99.0","latest"]}'],
      "registry.terraform.io/v1/providers/hashicorp/aws/versions": ['{"versions":[{"version":"6.9.0"},{"version":"5.100.0"}]}'],
    };
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
    jest.restoreAllMocks();
  });

  function write(file: string, content: object): void {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), JSON.stringify(content));
  }

  /** Sources whose registries are one on this machine. */
  function sources(changes: Partial<Sources> = {}): Sources {
    const { port } = server.address() as AddressInfo;
    return {
      fetch: (url, init) => {
        const { host, pathname, search } = new URL(url);
        return fetch(`http://127.0.0.1:${port}${pathname}${search}`, { ...init, headers: { ...init?.headers, "x-host": host } });
      },
      aws: {
        addonVersions: async () => ["v1.23.1-eksbuild.1"],
        kubernetesVersions: async () => ["1.34", "1.35", "1.36"],
        parameter: async (name) => {
          asked.push(name);
          return "1.35.9-20270101";
        },
      },
      npm: (name) => (name === "cdktf-cqrs" ? ["0.1.0", "0.2.0"] : ["0.24.0"]),
      made,
      directory,
      ...changes,
    };
  }

  async function run(given: Sources, ...args: string[]) {
    const said: string[] = [];
    jest.spyOn(console, "log").mockImplementation((text: string) => void said.push(text));
    jest.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
    return { code: await outdated(aProgram(cloud), args, given), out: said.join("") };
  }

  it("lists what is in use, and what is newer", async () => {
    const { code, out } = await run(sources());
    expect(code).toBe(2);
    expect(out).toMatchSnapshot();
    expect(out.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
    expect(asked).toContain("/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard/recommended/release_version");
  });

  it("fits a terminal with the longest name, and says which versions are not in all environments", async () => {
    const chart = "prometheus-yet-another-cloudwatch-exporter";
    const standby = { ...cloud, name: "standby" };
    const sites = ["cloud", "standby"].map((name) => {
      const own = name === "cloud" ? [CHARTS[chart]] : [];
      const environment = name === "cloud" ? cloud : standby;
      return { site: { environment }, releases: [{ chart: "keda", version: CHARTS.keda.version }, ...own] };
    });
    const both = () => aSynthesis({}, ...(sites as unknown as Synthesis["sites"]));
    answers = { ...answers, "prometheus-community.github.io/helm-charts/index.yaml": [`entries:\n  ${chart}:\n  - version: 99.99.99\n`] };
    const said = jest.spyOn(console, "log").mockImplementation();
    expect(await outdated(aProgram(cloud, standby), [], sources({ made: both }))).toBe(2);
    const lines = String(said.mock.calls[0]?.[0]).split("\n");
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
    expect(lines.filter((line) => line.startsWith("      "))).toEqual(
      expect.arrayContaining(["      changes: https://github.com/kedacore/charts/releases", expect.stringMatching(/^ {6}only in cloud;/)]),
    );
    said.mockClear();
    await outdated(aProgram(cloud, standby), ["cloud"], sources({ made: both }));
    expect(String(said.mock.calls[0]?.[0])).not.toContain("only in");
  });

  it("lists the same as data", async () => {
    const { out } = await run(sources(), "cloud", "--json");
    expect(JSON.parse(out).filter(({ kind }: { kind: string }) => kind === "chart")).toEqual([
      {
        kind: "chart",
        name: "keda",
        current: CHARTS.keda.version,
        changes: "https://github.com/kedacore/charts/releases",
        environments: ["cloud"],
        within: "2.99.0",
        beyond: "3.0.0",
      },
      expect.objectContaining({ name: "cert-manager", within: "v1.99.1" }),
      { ...{ kind: "chart", name: "kafka-ui", current: "1.0.0" }, changes: "https://charts.example.com/", environments: ["cloud"] },
    ]);
  });

  it("gives one line to each part whose registry doesn't answer, and another exit code", async () => {
    answers = {};
    const none = async () => Promise.reject(new AwsFailure("eks can't be reached"));
    const offline = sources({
      aws: { addonVersions: none, kubernetesVersions: none, parameter: none },
      npm: () => {
        throw new NoAnswer("npm view failed");
      },
    });
    const { code, out } = await run(offline);
    expect(code).toBe(3);
    expect(out).toMatch(/^ {2}keda +2\.\S+ +unknown: kedacore\.github\.io answered 404$/m);
    expect(out).toMatch(/^ {2}cdktf-cqrs +0\.1\.0 +unknown: npm view failed$/m);
    expect(out).toMatch(/^ {2}vpc-cni on 1\.35 +v1\.23\.0-eksbuild\.1 +unknown: eks can't be reached$/m);
    expect(out).toMatch(/10 versions in use, 0 with newer ones, 10 unknown\.$/);
  });

  it("says which host can't be reached", async () => {
    const refused = () => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: new Error("connect ECONNREFUSED") }));
    expect((await run(sources({ fetch: refused }))).out).toContain("unknown: quay.io can't be reached: connect ECONNREFUSED");
  });

  it("is content if there is nothing newer", async () => {
    const nothing = sources({
      made: () => aSynthesis({ "cloud-cluster": {} }),
      npm: (name) => (name === "cdktn" ? ["0.24.0"] : ["0.1.0"]),
    });
    nothing.aws.kubernetesVersions = async () => ["1.35"];
    expect((await run(nothing)).code).toBe(0);
  });

  it("lists only the platform's own images, and those that are used", async () => {
    const { out } = await run(sources());
    expect(out).not.toMatch(/orders\/api/);
    expect(out).not.toContain(pgbouncer.split(":")[1]);
  });

  it.each([
    [["clod"], "There is no environment clod; did you mean cloud?\n  environments: cloud\n"],
    [["--jsn"], /^--jsn: not an option here; did you mean --json\?/],
  ])("refuses %j", async (args, message) => {
    const { code, out } = await run(sources(), ...args);
    expect(code).toBe(1);
    expect(out).toMatch(message);
  });
});
