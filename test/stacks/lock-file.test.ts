import { readFileSync } from "node:fs";
import { VERSIONS } from "../../constructs/core/versions";
import { lockFor } from "../../stacks/base/lock-file";

const LOCK = readFileSync("environments/.terraform.lock.hcl", "utf8");

const needing = (...sources: string[]) => ({
  terraform: { required_providers: Object.fromEntries(sources.map((source) => [source.split("/").at(-1), { source }])) },
});

const providersOf = (lock: string) => [...lock.matchAll(/^provider "(.*)"/gm)].map(([, address]) => address);

describe("a stack's lock file", () => {
  it("has the providers that the stack needs, by whatever name", () => {
    expect(providersOf(lockFor(LOCK, needing("helm", "hashicorp/kubernetes")))).toEqual([
      "registry.terraform.io/hashicorp/helm",
      "registry.terraform.io/hashicorp/kubernetes",
    ]);
    expect(providersOf(lockFor(LOCK, needing("registry.terraform.io/hashicorp/aws")))).toEqual(["registry.terraform.io/hashicorp/aws"]);
  });

  it("is the whole file where all are needed", () => {
    expect(lockFor(LOCK, needing("aws", "helm", "kubernetes"))).toBe(LOCK);
  });

  it("has no provider of a stack that needs none, or one that nobody pinned", () => {
    expect(providersOf(lockFor(LOCK, {}))).toEqual([]);
    expect(providersOf(lockFor(LOCK, needing("someone/aws", "kube")))).toEqual([]);
  });

  it("pins versions within the ranges that the stacks ask for", () => {
    const normal = (range: string) =>
      range.replace(/(>= \d+\.\d+|< \d+)\b(?!\.)/g, (bound) => (bound.startsWith("<") ? `${bound}.0.0` : `${bound}.0`));
    // The providers of other vendors are not in it: Terraform takes the newest that a range allows, and writes it down.
    const { kurrentcloud: _, cloudflare: __, ...locked } = VERSIONS.providers;
    for (const [provider, range] of Object.entries(locked)) {
      expect(lockFor(LOCK, needing(provider))).toContain(`constraints = "${normal(range)}"`);
    }
  });
});
