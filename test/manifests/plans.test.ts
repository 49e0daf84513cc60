import type { Body } from "../synth";
import { planOf } from "./plans";

const job = (name: string, image: string): Body => ({
  metadata: { name },
  spec: { backoff_limit: 1, template: { image } },
  lifecycle: { replace_triggered_by: ["kubernetes_deployment_v1.api"] },
});
const stack = (kubernetes_job_v1: Body, resource: Body = {}): Body => ({
  resource: { kubernetes_job_v1, ...resource },
  data: { kubernetes_config_map_v1: { verdict: { depends_on: ["kubernetes_job_v1.test"] } } },
});
const deployed = (image: string) => ({ kubernetes_deployment_v1: { api: { metadata: { name: "api" }, spec: { image } } } });

describe("what a plan says", () => {
  it("is nothing where providers are told nothing new", () => {
    const other = { ...job("test", "1"), depends_on: ["kubernetes_role_v1.other"], "//": {} };
    expect(planOf(stack({ test: job("test", "1") }), stack({ test: other }))).toBe("Plan: 0 to add, 0 to change, 0 to destroy.");
  });

  it("tells what is changed from what is made anew, and reads later what comes after it", () => {
    const more = { ...job("test", "1"), spec: { backoff_limit: 2, template: { image: "1" } } };
    expect(planOf(stack({ test: job("test", "1") }), stack({ test: more }))).toBe(
      [
        "  # data.kubernetes_config_map_v1.verdict will be read during apply",
        "  # kubernetes_job_v1.test will be updated in-place",
        "Plan: 0 to add, 1 to change, 0 to destroy.",
      ].join("\n"),
    );
    for (const anew of [job("test", "2"), job("test-2", "1")])
      expect(planOf(stack({ test: job("test", "1") }), stack({ test: anew }))).toMatch(
        /test must be replaced\nPlan: 1 to add, 0 to change, 1/,
      );
  });

  it("makes anew what is to follow another, which a new one does not bring about", () => {
    const [one, two] = ["1", "2"].map((image) => stack({ test: job("test", "1") }, deployed(image)));
    expect(planOf(one ?? {}, two ?? {})).toBe(
      [
        "  # data.kubernetes_config_map_v1.verdict will be read during apply",
        "  # kubernetes_deployment_v1.api will be updated in-place",
        "  # kubernetes_job_v1.test will be replaced due to changes in replace_triggered_by",
        "Plan: 1 to add, 1 to change, 1 to destroy.",
      ].join("\n"),
    );
    expect(planOf(stack({ test: job("test", "1") }), one ?? {})).toBe(
      ["  # kubernetes_deployment_v1.api will be created", "Plan: 1 to add, 0 to change, 0 to destroy."].join("\n"),
    );
  });

  it("destroys what is no longer there", () => {
    expect(planOf(stack({ test: job("test", "1") }), {})).toBe(
      ["  # kubernetes_job_v1.test will be destroyed", "Plan: 0 to add, 0 to change, 1 to destroy."].join("\n"),
    );
  });
});
