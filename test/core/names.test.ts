import * as fc from "fast-check";
import { bucketName, cloudName, maxLength, type Named, namePartProblem } from "../../constructs/core/names";
import { runs } from "../thorough";

const KINDS: readonly Named[] = [
  "bucket",
  "role",
  "policy",
  "alias",
  "logGroup",
  "securityGroup",
  "cluster",
  "loadBalancer",
  "targetGroup",
  "database",
  "cache",
  "backupVault",
  "secret",
  "label",
];

/** Every name that an environment or a system may have. */
const accepted = fc.stringMatching(/^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,11})?$/).filter((name) => namePartProblem(name) === undefined);

const use = fc.constantFrom("keys", "flow-logs", "backup-replication", "a-workload-with-a-rather-long-name-of-its-own");

describe("a cloud name", () => {
  it("fits what AWS and Kubernetes allow, whatever the environment is called", () => {
    fc.assert(
      fc.property(accepted, accepted, use, fc.constantFrom(...KINDS), (system, environment, purpose, kind) => {
        const name = cloudName(kind, system, environment, purpose);
        expect(name.length).toBeLessThanOrEqual(maxLength(kind));
        expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
      }),
      { numRuns: runs(100) },
    );
  });

  it("begins with the system, so that several share an account", () => {
    fc.assert(
      fc.property(accepted, accepted, use, fc.constantFrom(...KINDS), (system, environment, purpose, kind) => {
        const prefix = `${system}-`.slice(0, maxLength(kind) - 10);
        expect(cloudName(kind, system, environment, purpose).startsWith(prefix.replace(/-$/, ""))).toBe(true);
      }),
      { numRuns: runs(100) },
    );
  });

  it("stays unique when it is shortened", () => {
    const long = "x".repeat(40);
    expect(cloudName("targetGroup", "orders", long, "blue")).not.toBe(cloudName("targetGroup", "orders", long, "green"));
  });

  it("has no two hyphens in a row where the API refuses them, and stays unique", () => {
    expect(cloudName("database", "orders", "test", "a--b")).toMatch(/^orders-test-a-b-[0-9a-f]{8}$/);
    expect(cloudName("cache", "orders", "test", "a--b")).not.toBe(cloudName("cache", "orders", "test", "a---b"));
    expect(cloudName("role", "orders", "test", "a--b")).toBe("orders-test-a--b");
  });

  it("is left alone where it fits", () => {
    expect(cloudName("role", "orders", "production", "flow-logs")).toBe("orders-production-flow-logs");
  });
});

describe("a bucket's name", () => {
  it("ends in account and region, and fits the one namespace of all buckets", () => {
    fc.assert(
      fc.property(accepted, accepted, fc.constantFrom("eu-west-1", "ap-northeast-1", "ap-southeast-7"), (system, environment, region) => {
        const name = bucketName("111122223333", region, system, environment, "backups", "copy", "logs");
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name.endsWith(`-111122223333-${region}`)).toBe(true);
        expect(name).toMatch(/^[a-z0-9][a-z0-9-]*[a-z0-9]$/);
        expect(name).not.toMatch(/^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3)$/);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe("a system's or an environment's name", () => {
  it.each(["orders", "prod", "dev-2", "a"])("may be %p", (name) => {
    expect(namePartProblem(name)).toBeUndefined();
  });

  it.each([
    ["", "can't begin every cloud name"],
    ["Orders", "can't begin every cloud name"],
    ["2nd", "can't begin every cloud name"],
    ["orders-", "can't begin every cloud name"],
    ["a--b", "can't begin every cloud name"],
    ["ördërs", "can't begin every cloud name"],
    ["orders.eu", "can't begin every cloud name"],
    ["x".repeat(63), "has 63 characters and leaves no room for what follows it in cloud names"],
    ["sg", "is refused: no security group's name may begin with sg-"],
    ["internal-tools", "is refused: no load balancer's name may begin with internal-"],
    ["aws-orders", "is refused: AWS keeps names with that beginning for itself"],
  ])("may not be %p", (name, rule) => {
    expect(namePartProblem(name)).toMatchObject({ rule });
  });
});
