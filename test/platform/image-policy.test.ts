import { inadmissible } from "../../constructs/kubernetes";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { synthesisOf } from "../program";
import type { Body } from "../synth";

const DIGEST = `@sha256:${"0".repeat(64)}`;
const image = (name: string) => `registry.example.com/orders/${name}:1.0.0${DIGEST}`;

const environment = (changes: object = {}) =>
  anEnvironment({
    aws: undefined,
    cluster: { context: "kind" },
    exceptions: { disposable: "made by a test" },
    stores: { postgres: { engine: "cloudnative-pg", instances: 1 }, cache: { engine: "valkey" } },
    domains: {
      sales: {
        image: image("sales"),
        services: { api: { replicas: 1, paths: ["/"], uses: ["postgres", "cache"] } },
        jobs: { migrate: { when: "before", command: ["migrate"], uses: [{ store: "postgres", as: "migrator" }] } },
      },
    },
    registries: ["registry.example.com/orders"],
    ...changes,
  });

const objectsOf = (changes: object = {}): readonly Body[] =>
  synthesisOf(aProgram(environment(changes))).sites.flatMap(({ objects }) => objects as readonly Body[]);

/** Strings in an expression. */
const literals = (expression: string) => [...expression.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);

describe("the policy of images", () => {
  const objects = objectsOf();
  const named = (kind: string) => objects.filter((object) => object.kind === kind);
  const [policy] = named("ValidatingAdmissionPolicy");
  const [binding] = named("ValidatingAdmissionPolicyBinding");

  it("is there if registries are named, and denies in the namespaces of domains alone", () => {
    expect(objectsOf({ registries: undefined }).filter(({ kind }) => /^ValidatingAdmission/.test(kind))).toEqual([]);
    expect(binding?.spec).toEqual({
      policyName: policy?.metadata.name,
      validationActions: ["Deny"],
      matchResources: {
        namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["sales"] }] },
      },
    });
    expect(policy?.metadata.name).toBe("orders-test-images");
    expect(policy?.spec.failurePolicy).toBe("Fail");
    expect(inadmissible([policy, binding] as never, [])).toEqual([]);
  });

  it("leaves out namespaces that migrations share with stores", () => {
    const database = { engine: "cloudnative-pg", instances: 1 };
    const roles = { readDatabase: database, migrations: { image: image("migrations") }, queryApi: { image: image("api"), replicas: 1 } };
    const [bound] = objectsOf({ stores: undefined, domains: undefined, ...roles }).filter(
      ({ kind }) => kind === "ValidatingAdmissionPolicyBinding",
    );
    expect(bound?.spec.matchResources.namespaceSelector.matchExpressions[0].values).toEqual(["read-side"]);
  });

  it("looks at new pods, at containers that are added to them, and at images that are changed", () => {
    expect(policy?.spec.matchConstraints.resourceRules).toEqual([
      { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["pods", "pods/ephemeralcontainers"] },
    ]);
    const [{ expression }] = policy?.spec.matchConditions ?? [];
    for (const kind of ["containers", "initContainers", "ephemeralContainers"]) {
      expect(expression).toContain(`object.spec.${kind}.map(`);
      expect(expression).toContain(`oldObject.spec.${kind}.map(`);
    }
  });

  it("lets in every image that the platform itself runs in these namespaces", () => {
    const pods = objects
      .filter(({ metadata, spec }) => metadata.namespace === "sales" && spec)
      .map(({ spec }) => spec.jobTemplate?.spec.template ?? spec.template)
      .filter((template) => template?.spec?.containers);
    const used = pods.flatMap(({ spec }: Body) =>
      [...spec.containers, ...(spec.initContainers ?? [])].map((container: Body) => container.image),
    );
    expect(new Set(used).size).toBeGreaterThan(2);
    const known = policy?.spec.variables.flatMap(({ expression }: Body) => literals(expression));
    expect(known).toContain("registry.example.com/orders/");
    for (const one of used)
      expect([one, known.some((text: string) => (/[/:]$/.test(text) ? one.startsWith(text) : one === text))]).toEqual([one, true]);
  });

  it("follows a mirror", () => {
    const [mirrored] = objectsOf({ mirror: "registry.example.com/mirror" }).filter(({ kind }) => kind === "ValidatingAdmissionPolicy");
    const known: readonly string[] = mirrored?.spec.variables.flatMap(({ expression }: Body) => literals(expression));
    expect(known).toContain("registry.example.com/mirror/orders/");
    expect(known.filter((text) => /^(docker\.io|ghcr\.io|public\.ecr)/.test(text))).toEqual([]);
  });

  it("is told at synthesis, wherever an image is named", () => {
    const sidecar = { name: "proxy", image: "ghcr.io/example/proxy:1.0.0", cpu: "10m", memory: "32Mi" };
    const domains = {
      sales: {
        image: "registry.example.com/orders/sales:1.0.0",
        services: { api: { replicas: 1, sidecars: [sidecar] } },
        workers: { worker: { replicas: 1, image: "registry.example.com/orders-evil/worker:1.0.0" } },
      },
    };
    expect(errorsOf(aProgram(environment({ domains, stores: undefined })))).toEqual([
      'test.domains.sales.image: "registry.example.com/orders/sales:1.0.0" must name its digest, because registries is set; add it: …@sha256:…',
      'test.domains.sales.services.api.sidecars[0].image: "ghcr.io/example/proxy:1.0.0" must come from registry.example.com/orders, as registries says; use one of them, or add its registry',
      'test.domains.sales.workers.worker.image: "registry.example.com/orders-evil/worker:1.0.0" must come from registry.example.com/orders, as registries says; use one of them, or add its registry',
    ]);
  });
});
