import { type Support, skewProblems, supportProblems } from "../../constructs/cluster";
import { ADDONS, DEFAULT_KUBERNETES, KUBERNETES } from "../../constructs/core/versions";

describe("a version of Kubernetes", () => {
  const warnings = (support: Support, today: string) =>
    supportProblems("1.34", support, today).map(({ severity, rule }) => [severity, rule]);

  it("is fine until 120 days before its standard support ends", () => {
    for (const support of ["standard", "extended"] as const) {
      expect(warnings(support, "2026-08-03")).toEqual([]);
      expect(warnings(support, "2026-08-04")).toHaveLength(1);
    }
  });

  it("is warned about in time where EKS upgrades it automatically", () => {
    expect(warnings("standard", "2026-08-04")).toEqual([
      ["warning", "leaves standard support on 2026-12-02, and EKS then upgrades it automatically"],
    ]);
    expect(warnings("standard", "2026-12-03")).toEqual([
      ["warning", "left standard support on 2026-12-02, and EKS upgrades it automatically"],
    ]);
  });

  it("is warned about in time where it is kept at a higher price, and again before that ends", () => {
    expect(warnings("extended", "2026-08-04")).toEqual([
      ["warning", "leaves standard support on 2026-12-02; extended support costs more, and ends on 2027-12-02"],
    ]);
    expect(warnings("extended", "2026-12-03")).toEqual([
      ["warning", "left standard support on 2026-12-02; extended support costs more, and ends on 2027-12-02"],
    ]);
    expect(warnings("extended", "2027-08-05")).toEqual([
      ["warning", "leaves extended support on 2027-12-02, and EKS then upgrades it automatically"],
    ]);
  });

  it("is an error past all support", () => {
    expect(supportProblems("1.34", "extended", "2027-12-03")).toEqual([
      { severity: "error", value: "1.34", rule: "is out of all support since 2027-12-02", remedy: "use 1.36" },
    ]);
  });

  it("has parts of its own minor version, each pinned to a build", () => {
    for (const [version, parts] of Object.entries(KUBERNETES)) {
      expect(parts.kubeProxy).toMatch(new RegExp(`^v${version}\\.\\d+-eksbuild\\.\\d+$`));
      expect(parts.nodeImage).toMatch(new RegExp(`^${version}\\.\\d+-\\d{8}$`));
      expect(parts.coredns).toMatch(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/);
    }
    for (const version of Object.values(ADDONS)) expect(version).toMatch(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/);
    expect(Object.keys(KUBERNETES)).toContain(DEFAULT_KUBERNETES);
  });
});

describe("the version of nodes", () => {
  it("may follow the control plane's by three", () => {
    expect(["1.36", "1.35", "1.34", "1.33"].flatMap((nodes) => skewProblems("1.36", nodes))).toEqual([]);
  });

  it("is never ahead of it", () => {
    expect(skewProblems("1.35", "1.36")).toEqual([
      { value: "1.36", rule: "is newer than the control plane, which has 1.35", remedy: "upgrade the control plane first" },
    ]);
  });

  it("is never further behind", () => {
    expect(skewProblems("1.36", "1.32")).toEqual([
      { value: "1.32", rule: "is 4 minor versions older than the control plane, which has 1.36", remedy: "use 1.33 or newer" },
    ]);
  });
});
