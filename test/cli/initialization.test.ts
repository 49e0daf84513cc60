import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Initialization, oneAtATime } from "../../cli/initialization";

const JSON_BEFORE = { terraform: { backend: { s3: { key: "a" } } }, resource: { aws_vpc: {} } };

let directory: string;
const write = (file: string, text: string | object) =>
  writeFileSync(join(directory, file), typeof text === "string" ? text : JSON.stringify(text));
const initialization = (program = "terraform 1.11") => new Initialization(directory, program);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  const provider = join(directory, ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64");
  mkdirSync(provider, { recursive: true });
  write("cdk.tf.json", JSON_BEFORE);
  write(".terraform.lock.hcl", "");
  initialization().begin();
  initialization().end();
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("an initialized directory", () => {
  it("stays so while only resources change", () => {
    write("cdk.tf.json", { ...JSON_BEFORE, resource: {} });
    expect(initialization().isDone()).toBe(true);
  });

  it.each<[string, () => void]>([
    ["the backend changes", () => write("cdk.tf.json", { ...JSON_BEFORE, terraform: { backend: { s3: { key: "b" } } } })],
    ["a provider is used", () => write("cdk.tf.json", { ...JSON_BEFORE, provider: { helm: [] } })],
    ["a module is used", () => write("cdk.tf.json", { ...JSON_BEFORE, module: { one: {} } })],
    ["the lock changes", () => write(".terraform.lock.hcl", "provider {}")],
    ["a file is put beside it", () => write("backend_override.tf.json", "{}")],
    ["another backend is used by hand", () => write(".terraform/terraform.tfstate", "{}")],
    ["its providers are gone", () => rmSync(join(directory, ".terraform/providers"), { recursive: true })],
    ["an init is cut off", () => initialization().begin()],
    ["its record is cut off", () => write(".terraform/initialized.json", '{"of": "')],
  ])("is initialized again when %s", (_, change) => {
    expect(initialization().isDone()).toBe(true);
    change();
    expect(initialization().isDone()).toBe(false);
  });

  it("is initialized again for another program", () => {
    expect(initialization("tofu 1.12").isDone()).toBe(false);
  });
});

describe("inits of several stacks", () => {
  it("run one after the other, also after one that failed", async () => {
    let running = 0;
    const init = async (good: boolean) => {
      running++;
      await new Promise(setImmediate);
      expect(running--).toBe(1);
      if (!good) throw new Error("failed");
      return "done";
    };
    const results = await Promise.allSettled([true, false, true].map((good) => oneAtATime(join(directory, "cache"), () => init(good))));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
