import { skewProblems, supportProblems } from "../../constructs/cluster";
import { ADDONS, DEFAULT_KUBERNETES, KUBERNETES } from "../../constructs/core/versions";

describe("a version of Kubernetes", () => {
  it("is fine until its standard support ends", () => {
    expect(supportProblems("1.34", "2026-12-02")).toEqual([]);
  });

  it("is warned about when only extended support is left, because EKS then upgrades it", () => {
    expect(supportProblems("1.34", "2026-12-03")).toEqual([
      {
        severity: "warning",
        value: "1.34",
        rule: "left standard support on 2026-12-02, and EKS upgrades it by itself",
        remedy: "use 1.36",
      },
    ]);
  });

  it("is an error past all support", () => {
    expect(supportProblems("1.34", "2027-12-03")).toEqual([
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
