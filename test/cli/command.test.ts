import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashOf } from "../../cli/backup/record";
import { type CommandOptions, command, usage } from "../../cli/command";
import { stacksOf } from "../../cli/domain-stacks";
import type { Environment, Program } from "../../stacks";
import { anEnvironment } from "../environments";
import { accounts } from "../fixtures/environments/accounts";
import { dev } from "../fixtures/environments/dev";
import { FakeMachine } from "./fake-machine";
import { FakeTerraform, type World } from "./fake-terraform";
import { unwrapped } from "./unwrapped";

const { aws, exceptions } = dev;
const { disposable, ...kept } = exceptions;

/** A platform and nothing on it. */
const LOCAL: Environment = {
  system: "orders",
  name: "local",
  cluster: { context: "kind-orders" },
  exceptions: { localState: "ends with a test" },
};

/** Few stacks, which are walked quickly. */
const PROGRAM: Program = { accounts, environments: [LOCAL, anEnvironment({ name: "dev", aws, exceptions })] };

/** The same, with something to lose. */
const PROTECTED: Program = {
  accounts,
  environments: [anEnvironment({ name: "prod", aws, exceptions: kept })],
};

let directory: string;
let terraform: FakeTerraform;
const environment = { ...process.env };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runner-"));
  terraform = new FakeTerraform(directory);
});

afterEach(() => {
  process.env = { ...environment };
  rmSync(directory, { recursive: true });
  jest.restoreAllMocks();
});

interface Ran {
  readonly code: number;
  readonly said: string;
  readonly asked: readonly string[];
}

/** What a command line does in a world where some stacks are deployed. */
function run(world: World, ...argv: string[]): Promise<Ran> {
  return runOn(PROGRAM, world, ...argv);
}

/** The same with another program. */
function runOn(program: Program, world: World, ...argv: string[]): Promise<Ran> {
  return runWith({}, program, world, ...argv);
}

async function runWith(options: CommandOptions, program: Program, world: World, ...argv: string[]): Promise<Ran> {
  terraform.begin(world);
  const said: string[] = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
  jest.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text).trimEnd()) > 0);
  const code = await command(program, argv, { ...options, outdir: join(directory, "cdktf.out") });
  return { code, said: said.join("\n"), asked: terraform.asked };
}

describe("npm run plan, apply, destroy", () => {
  it("applies upstream stacks first, and hands arguments on to Terraform", async () => {
    const { code, asked } = await run({}, "apply", "dev", "--", "-auto-approve");
    expect(code).toBe(0);
    expect(asked[0]).toBe("apply dev-keys -auto-approve");
    expect(asked).toContain("apply dev-network -auto-approve");
  });

  describe("an environment that requires a backup before a release", () => {
    const backup = { beforeRelease: "24h" } as const;
    const readDatabase = { engine: "aurora", replicas: 1 } as const;
    const program: Program = { accounts, environments: [anEnvironment({ name: "dev", aws, exceptions, readDatabase, backup })] };
    const ID = "20261128-100000-abcdef";
    const folder = "s3://orders-dev-backups-444455556666-eu-west-1/backup-records/";

    /** A bucket with one record, of so many hours ago. */
    const backedUp = (hours: number) => {
      const machine = new FakeMachine();
      const started = new Date(machine.now().getTime() - hours * 3_600_000).toISOString();
      const text = JSON.stringify({ format: 1, id: ID, started, stores: [], without: [] });
      machine.objects.set(`${folder}${ID}.json`, { body: Buffer.from(text), headers: { "x-amz-meta-sha256": hashOf(text) } });
      return machine;
    };
    const applied = (machine: FakeMachine, ...more: string[]) =>
      runWith({ machine }, program, {}, "apply", ...(more.length > 0 ? more : ["dev"]), "--", "-auto-approve");

    it("is refused with an older one before anything is planned", async () => {
      for (const names of [["dev"], ["dev", "write-side"], ["dev-network"]]) {
        const late = await applied(backedUp(25), ...names);
        expect([late.code, late.asked]).toEqual([1, []]);
        expect(late.said).toContain(`dev: the newest backup, ${ID}, is older than 24h; npm run backup -- dev`);
        expect(late.said).toContain("In an emergency, or to roll back:\n  npm run apply -- dev --without-backup");
      }
    });

    it("is applied with a recent one", async () => {
      const recent = await applied(backedUp(23));
      expect([recent.code, recent.asked[0]]).toEqual([0, "apply dev-keys -auto-approve"]);
      expect(recent.said).toContain(`dev: the newest backup, ${ID}, is not older than 24h`);
    });

    it("is refused without a record, with a damaged one, and if the bucket can't be read", async () => {
      const none = await applied(new FakeMachine());
      expect([none.code, none.asked, none.said]).toEqual([
        1,
        [],
        expect.stringContaining("dev: has no record of a backup; npm run backup -- dev"),
      ]);
      const damaged = backedUp(1);
      for (const stored of damaged.objects.values()) stored.body[3] = 0;
      expect((await applied(damaged)).said).toContain("its SHA-256 is");
      const closed = failing("GET s3://bucket/: AccessDenied");
      expect(await applied(closed)).toMatchObject({ code: 1, asked: [], said: expect.stringContaining("AccessDenied") });
    });

    it("is applied without one by the option, before the first deployment, without domains, and planned at any time", async () => {
      const none = new FakeMachine();
      const first = await applied(failing("GET s3://bucket/: NoSuchBucket"));
      expect([first.code, first.said]).toEqual([0, expect.stringContaining("dev: is not deployed yet")]);
      expect((await applied(none, "dev", "--without-backup")).code).toBe(0);
      expect((await applied(none, "dev", "--stores")).code).toBe(0);
      expect((await runWith({ machine: none }, program, {}, "plan", "dev")).code).not.toBe(1);
    });

    it("is refused if its bucket is gone after it was deployed", async () => {
      const machine = failing("GET s3://bucket/: NoSuchBucket");
      const gone = await runWith({ machine }, program, { deployed: ["dev-backup"] }, "apply", "dev", "--", "-auto-approve");
      expect([gone.code, gone.asked]).toEqual([1, []]);
      expect(unwrapped(gone.said)).toContain(
        "dev-backup is deployed, so the bucket, or what gives access to it, was there and is gone: docs/restore.md#a-bucket-of-backups-is-gone",
      );
      expect(gone.said).toContain("npm run apply -- dev --without-backup");
    });

    it("is refused if a bucket outside of AWS, or the Secret of its keys, is gone after the store was deployed", async () => {
      const outside: Program = {
        accounts,
        environments: [
          {
            ...LOCAL,
            eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "15m", keep: "28d" } },
            backup: { ...backup, bucket: { endpoint: "https://s3.example.com", bucket: "backups", credentials: { secret: "bucket" } } },
          },
        ],
      };
      const machine = new FakeMachine();
      machine.rules.push(["get secret bucket", { fails: 'Error from server (NotFound): secrets "bucket" not found' }]);
      const applying = () => runWith({ machine }, outside, {}, "apply", "local", "--", "-auto-approve");
      const first = await applying();
      expect(first).toMatchObject({ code: 0, said: expect.stringContaining("local: is not deployed yet") });
      const gone = await applying();
      expect(gone).toMatchObject({
        code: 1,
        asked: first.asked,
        said: expect.stringContaining("local-event-store is deployed, so the bucket"),
      });
    });

    const failing = (message: string) => {
      const machine = new FakeMachine();
      const { bucket } = machine;
      machine.bucket = (place) => ({ ...bucket(place), list: () => Promise.reject(new Error(message)) });
      return machine;
    };
  });

  it("finds the stacks of a domain, or of one workload", () => {
    for (const name of ["write-side", "command-api"]) expect(stacksOf(dev, name)).toEqual(["dev-write-side"]);
  });

  it("lists what there is for a domain that the environment doesn't have", async () => {
    expect((await run({}, "apply", "local", "shop")).said).toBe("There is no domain or workload shop\n  domains: none\n  workloads: none");
    expect((await run({}, "apply", "dve", "shop")).said).toBe("There is no environment dve; did you mean dev?\n  environments: local, dev");
  });

  it("leaves out domains and what depends on them, also in the next command", async () => {
    const domains = { shop: { services: { web: { image: "registry.example.com/web:1.0.0", port: 8080, replicas: 1 } } } };
    const shop: Program = { accounts, environments: [{ ...LOCAL, domains }] };
    const { said, asked } = await runOn(shop, {}, "plan", "local", "--stores");
    expect(asked).toEqual(["plan local-platform -detailed-exitcode"]);
    expect(said).toMatch(/Next: npm run apply -- local --stores$/);
    expect((await runOn(shop, {}, "plan", "local")).said).toContain("local-shop");
    expect((await runOn(shop, {}, "apply", "local", "shop", "--stores")).said).toBe(
      "--stores: leaves out all domains, so it can't be combined with shop",
    );
    expect((await runOn(shop, {}, "destroy", "local", "--stores")).said).toContain("--stores: not an option here");
  });

  it("destroys in the reverse order", async () => {
    const { code, asked } = await run({ deployed: ["dev-keys", "dev-network"] }, "destroy", "dev", "--", "-auto-approve");
    expect(code).toBe(0);
    expect(asked).toEqual(["destroy dev-network -auto-approve", "destroy dev-keys -auto-approve"]);
  });

  it("destroys nothing where anything is protected", async () => {
    const { code, said, asked } = await runOn(PROTECTED, { deployed: ["prod-keys", "prod-network"] }, "destroy", "prod");
    expect([code, asked]).toEqual([1, []]);
    expect(said).toMatch(/prod-network not reached\nprod-keys is protected from deletion: aws_kms_key\.\w+, /);
    expect(said).toMatch(
      /\nNext:\n {2}set exceptions\.disposable of the environment to the reason why nothing of it is kept;\n {2}npm run apply -- prod, which lifts the protection;\n {2}then npm run destroy -- prod$/,
    );
  });

  it("destroys what is protected of nothing, or is named by the one who destroys it", async () => {
    const deployed = ["prod-keys", "prod-network"];
    expect((await runOn(PROTECTED, { deployed }, "destroy", "prod-network", "--", "-auto-approve")).asked).toEqual([
      "destroy prod-network -auto-approve",
    ]);
    const { asked } = await runOn(PROTECTED, {}, "destroy", "prod", "--", "-target=aws_kms_alias.data", "-auto-approve");
    expect(asked.at(-1)).toEqual("destroy prod-keys -target=aws_kms_alias.data -auto-approve");
  });

  it("names the stack whose upstream is missing, and goes on with others", async () => {
    const { code, said, asked } = await run({}, "plan", "dev");
    expect(code).toBe(3);
    expect(asked).toEqual(["plan dev-keys -detailed-exitcode"]);
    expect(said).toContain("dev-keys planned");
    expect(said).toContain("dev-network waits for dev-keys, which is not deployed yet");
    expect(said).toContain("dev-backup waits for dev-keys, which is not deployed yet");
    expect(said).toMatch(/Next: npm run apply -- dev$/);
  });

  it("names the upstream stack of a stack that is asked for alone", async () => {
    expect((await run({}, "apply", "dev-network")).said).toMatch(/Next: npm run apply -- dev-keys$/);
  });

  it("destroys no stack that another one uses", async () => {
    const { code, said } = await run({ deployed: ["dev-keys", "dev-network"] }, "destroy", "dev-keys");
    expect(code).toBe(3);
    expect(said).toContain("dev-keys waits for dev-network, which still uses it");
    expect(said).toMatch(/Next: npm run destroy -- dev-network$/);
  });

  it("leaves alone what is not deployed", async () => {
    const { code, said, asked } = await run({}, "destroy", "dev", "--", "-auto-approve");
    expect([code, asked]).toEqual([0, []]);
    expect(said).toContain("dev-network is not deployed: nothing to destroy");
  });

  it("stops at the first failure and says what is left", async () => {
    const { code, said } = await run({ deployed: ["dev-keys"], failing: "dev-keys" }, "apply", "dev");
    expect(code).toBe(1);
    expect(said).toContain("dev-keys failed\ndev-network not reached");
    expect(said).toContain("dev-keys failed; 0 of ");
    expect(said).toMatch(/Next: fix the cause in dev-keys, then npm run apply -- dev, which continues with what is left$/);
  });

  it("prints a failure before the start once, and sends to the doctor", async () => {
    const noProviders = "Could not retrieve hashicorp/helm: no such host";
    for (const action of ["plan", "destroy"]) {
      const { code, said } = await run({ noProviders }, action, "dev");
      expect(code).toBe(1);
      expect(said.match(/no such host/g)).toHaveLength(1);
      expect(said).toMatch(/^dev-\w+: terraform init failed, with the same output as above$/m);
      expect(said).toMatch(/^dev-\w+ failed: Failed to query available provider packages$/m);
      const again = `npm run ${action} -- dev`;
      expect(said.split("\n").at(-1)).toBe(`Next: npm run doctor checks this machine; after the fix, ${again}`);
    }
  });

  it("prints the command that needs no terminal where nothing can answer", async () => {
    const { code, said } = await runWith(
      { answer: async () => undefined },
      PROGRAM,
      { deployed: ["dev-keys"], restless: "dev-keys" },
      "apply",
      "dev-keys",
    );
    expect(code).toBe(1);
    expect(said).toMatch(/\nNext: npm run apply -- dev-keys -- -auto-approve, after you have read the plan$/);
  });

  it("sends a new account to bootstrap", async () => {
    const { code, said } = await run({ noBucket: true }, "plan", "dev");
    expect(code).toBe(3);
    expect(said).toContain("dev-keys waits for the state bucket of its account, which does not exist yet");
    expect(said).toMatch(/Next: npm run bootstrap -- 444455556666$/);
  });

  it("tells changes from none where it is asked to", async () => {
    expect((await run({}, "plan", "dev-keys", "--", "-detailed-exitcode")).code).toBe(2);
  });

  it("plans a stack that draws secrets without reading them", async () => {
    const stores = anEnvironment({ name: "dev", aws, exceptions, cluster: dev.cluster, cache: dev.cache });
    const { asked } = await runOn(
      { accounts, environments: [stores] },
      { deployed: ["dev-keys"] },
      "plan",
      "dev-data",
      "--",
      "-lock=false",
    );
    expect(asked).toEqual(["plan dev-data -detailed-exitcode -refresh=false -lock=false"]);
  });

  it("leaves a bootstrap's state to bootstrap", async () => {
    expect((await run({}, "apply", "bootstrap-444455556666")).said).toBe(
      "bootstrap-444455556666 looks after its own state: npm run bootstrap -- 444455556666",
    );
  });

  it("lists what there is for a name that nothing has", async () => {
    const { code, said } = await run({}, "plan", "dve");
    expect(code).toBe(1);
    expect(said).toMatch(
      /^There is no environment or stack dve; did you mean dev\?\n {2}environments: local, dev\n {2}stacks:\n {4}bootstrap-/,
    );
  });

  it("says where Terraform's own arguments belong", async () => {
    expect((await run({}, "apply", "dev", "-auto-approve")).said).toBe(
      "-auto-approve: not an option here;\n  arguments of Terraform come behind a second --: npm run apply -- dev -- -auto-approve",
    );
  });

  it("refuses a number of stacks that is none", async () => {
    for (const parallel of ["0", "many"])
      expect((await run({}, "plan", "dev", `--parallel=${parallel}`)).said).toMatch(
        `--parallel: "${parallel}" must be a number of stacks from 1 to 99; use --parallel `,
      );
    expect((await run({}, "plan", "dev", "--parallel=")).said).toMatch(/^--parallel: needs a number of stacks, like \d$/);
  });

  it("shows its usage to one who names nothing", async () => {
    expect((await run({}, "plan")).said).toBe(`plan: requires the name of an environment or a stack\n\n${usage("plan")}`);
    expect((await run({}, "bootstrap")).said).toBe(`bootstrap: requires the name of an account\n\n${usage("bootstrap")}`);
    expect((await run({}, "destroy", "dev", "more")).said).toBe(`more: is one name too many\n\n${usage("destroy")}`);
  });

  it("explains what npx does with the -- of npm", async () => {
    expect((await run({}, "apply", "--", "dev", "--parallel", "2")).said).toBe(
      `apply: requires the name of an environment or a stack;\n  write npx cdktf-cqrs apply dev --parallel 2, without --\n\n${usage("apply")}`,
    );
    expect((await run({}, "apply", "--", "-auto-approve")).said).toBe(
      `apply: requires the name of an environment or a stack\n\n${usage("apply")}`,
    );
  });

  it("lists the options and exit codes of each command, and no others", () => {
    expect(usage("plan")).toMatch(
      /^Usage: npm run plan -- <environment or stack> .*\n {7}\[[\s\S]*\n\nShows what .*\n\n {2}--markdown <file> {2}writes/,
    );
    expect(usage("plan")).toContain("  2  plans contain changes");
    expect(usage("destroy")).not.toMatch(/--markdown|--recover| {2}2 {2}/);
    expect(usage("bootstrap")).toMatch(/--recover {2}.*\n\nExit codes:/);
  });

  it("runs OpenTofu where Terraform is not installed", async () => {
    terraform.install("tofu");
    rmSync(join(directory, "bin/terraform"));
    expect((await run({}, "plan", "dev-keys")).asked).toEqual(["plan dev-keys -detailed-exitcode"]);
  });

  it("says what is not on the PATH", async () => {
    const install = "install Terraform or OpenTofu 1.11 or newer: https://developer.hashicorp.com/terraform/install";
    expect(await run({}, "plan", "dev-keys", "--tofu")).toEqual({ code: 1, said: `tofu: not on the PATH;\n  ${install}`, asked: [] });
    rmSync(join(directory, "bin/terraform"));
    expect((await run({}, "plan", "dev-keys")).said).toBe(`terraform, tofu: not on the PATH;\n  ${install}`);
  });

  it("asks Terraform for no colors where nothing shows them, and keeps the user's arguments", async () => {
    process.env.TF_CLI_ARGS_plan = "-compact-warnings";
    try {
      await run({}, "plan", "dev-keys");
      expect(terraform.planArguments).toEqual(["-compact-warnings -no-color"]);
    } finally {
      delete process.env.TF_CLI_ARGS_plan;
    }
  });

  it("refuses a Terraform that is too old before it runs it", async () => {
    const { code, said, asked } = await run({ version: "Terraform v1.5.7\non linux_amd64" }, "plan", "dev-keys");
    expect({ code, asked }).toEqual({ code: 1, asked: [] });
    expect(said).toBe(
      "terraform 1.5.7: is too old;\n  install Terraform or OpenTofu 1.11 or newer: https://developer.hashicorp.com/terraform/install",
    );
    expect((await run({ version: "Terraform v1.11.0" }, "plan", "dev-keys")).code).toBe(0);
  });

  it("reports output of Terraform that can't be read, with the stack and the command", async () => {
    const { code, said } = await run({ garbled: "Usage: terraform" }, "plan", "dev-network");
    expect(code).toBe(1);
    expect(said).toContain('dev-keys: terraform output -json failed\nError: its output must be JSON, and begins with "Usage: terraform"');
  });

  it("runs nothing where types are wrong", async () => {
    expect(await run({}, "apply", "dev", "--", "-auto-approve", "--check-only")).toEqual({ code: 0, said: "", asked: [] });
  });
});

describe("a stack that the program has no more", () => {
  const STATE = {
    lineage: "1",
    resources: [
      { mode: "managed", type: "helm_release", name: "one", provider: 'provider["registry.terraform.io/hashicorp/helm"]', instances: [] },
      {
        mode: "managed",
        type: "aws_sns_topic",
        name: "one",
        provider: 'provider["registry.terraform.io/hashicorp/aws"].us-east-1',
        instances: [],
      },
    ],
  };
  beforeEach(() => {
    mkdirSync(join(directory, ".state/local"), { recursive: true });
    writeFileSync(join(directory, ".state/local/old.tfstate"), JSON.stringify(STATE));
    writeFileSync(join(directory, ".state/local/empty.tfstate"), JSON.stringify({ ...STATE, resources: [] }));
  });

  it("is named with what destroys it, before anything else is destroyed", async () => {
    const line = "local-old is deployed and no longer in the program; to destroy it: npm run destroy -- local-old";
    const { said } = await run({}, "plan", "local");
    expect(said.split("\n")[0]).toBe(line);
    expect(said).not.toContain("local-empty");
    expect(await run({ deployed: ["local-platform"] }, "destroy", "local", "--", "-auto-approve")).toEqual({
      code: 3,
      said: `${line}\nlocal is destroyed after them: they may use what it holds`,
      asked: ["plan local-platform -detailed-exitcode"],
    });
  });

  it("is destroyed with the backend and the providers by which it was made", async () => {
    const { code, asked } = await run({ deployed: ["local-old"] }, "destroy", "local-old", "--", "-auto-approve");
    expect([code, asked]).toEqual([0, ["destroy local-old -auto-approve"]]);
    const { terraform, provider, resource } = JSON.parse(readFileSync(join(directory, "cdktf.out/stacks/local-old/cdk.tf.json"), "utf8"));
    expect(terraform).toEqual({
      backend: { local: { path: "../../../.state/local/old.tfstate" } },
      required_providers: { helm: { source: "helm", version: "~> 3.1" }, aws: { source: "hashicorp/aws" } },
      required_version: ">= 1.11",
    });
    expect(provider).toEqual({
      helm: [{ helm_driver: "configmap", kubernetes: { config_context: "kind-orders", config_path: "~/.kube/config" } }],
      aws: [{ alias: "us-east-1", region: "us-east-1" }],
    });
    expect(resource).toBeUndefined();
  });

  it("is not applied", async () => {
    expect((await run({}, "apply", "local-old")).said).toMatch(/^There is no environment or stack local-old/);
  });
});

describe("npm run bootstrap", () => {
  it("lists the accounts for one that is none", async () => {
    expect((await run({}, "bootstrap", "444455556667")).said).toBe(
      "There is no account 444455556667; did you mean 444455556666?\n  accounts: 111122223333, 444455556666",
    );
  });

  it("applies in place once state is in its bucket", async () => {
    const { code, asked } = await run({ deployed: ["bootstrap-444455556666"] }, "bootstrap", "444455556666", "--", "-auto-approve");
    expect([code, asked]).toEqual([0, ["apply bootstrap-444455556666 -auto-approve"]]);
  });

  it("prints the next command after a failure", async () => {
    const world = { deployed: ["bootstrap-444455556666"], failing: "bootstrap-444455556666" };
    const { code, said } = await run(world, "bootstrap", "444455556666", "--", "-auto-approve");
    expect(code).toBe(1);
    expect(said).toMatch(/\nNext: fix the cause, then npm run bootstrap -- 444455556666, which continues with what is left$/);
  });

  it("makes nothing twice where the bucket exists and its state is lost", async () => {
    const { code, said, asked } = await run({}, "bootstrap", "444455556666");
    expect([code, asked]).toEqual([1, []]);
    expect(said).toBe(
      "The state bucket of 444455556666 exists and its own state does not: find again what exists with\n  npm run bootstrap -- 444455556666 --recover",
    );
  });
});
