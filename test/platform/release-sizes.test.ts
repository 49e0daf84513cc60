import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CHARTS, type ChartName } from "../../constructs/core/versions";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";
import { aPlatform } from "./platform";

/** What a ConfigMap or a Secret may hold (Kubernetes). */
const LIMIT = 2 ** 20;

/**
 * The largest releases of charts that come from elsewhere, as measured with the chart's files in hand: JSON of chart, manifest and
 * values, compressed and in base64. A subchart counts by its manifest alone. Another version has to be measured before it is pinned.
 */
const MEASURED: Readonly<Record<string, { readonly chart: ChartName; readonly version: string; readonly bytes: number }>> = {
  "gateway-api-crds": { chart: "gateway-api-crds", version: "1.8.1", bytes: 921_524 },
  "gateway-api-crds-httproutes": { chart: "gateway-api-crds", version: "1.8.1", bytes: 876_832 },
  "prometheus-operator-crds": { chart: "prometheus-operator-crds", version: "31.0.1", bytes: 607_492 },
};

const CHART = "constructs/kubernetes/chart";
const chart = readdirSync(CHART, { recursive: true, withFileTypes: true }).flatMap((entry) =>
  entry.isFile() ? [readFileSync(join(entry.parentPath, entry.name)).toString("base64")] : [],
);

/** A release of the local chart, as Helm keeps it. Its manifest is its objects, as text. */
function sizeOf({ values: [config = "{}"] }: Body): number {
  return (gzipSync(JSON.stringify({ chart, manifest: config, config: JSON.parse(config) })).length * 4) / 3;
}

describe("a release", () => {
  it("of objects of operators takes no more than a tenth of what it may hold, in every environment", () => {
    const local = [...synthesisOf(program).stacks.values()]
      .flatMap(({ json }) => all(json as Body, "helm_release"))
      .filter(({ repository }) => repository === undefined);
    expect(local.length).toBeGreaterThan(10);
    expect(local.filter((release) => sizeOf(release) > LIMIT / 10)).toEqual([]);
  });

  it.each(Object.entries(MEASURED))(
    "of %s leaves a tenth of its room free, as measured of the version that is pinned",
    (name, measured) => {
      expect(measured.version).toBe(CHARTS[measured.chart].version);
      expect(measured.bytes).toBeLessThan(0.9 * LIMIT);
      expect(all(aPlatform().json, "helm_release").map((release) => release.name)).toContain(name);
    },
  );

  it("of the Gateway API's definitions has each of them once", () => {
    const releases = all(aPlatform().json, "helm_release").filter(({ chart }) => chart === "gateway-api-crds");
    const left = releases.map(({ values }) => Object.keys(JSON.parse(values[0]).install).filter((key) => key !== "admissionPolicies"));
    expect(left.flat().sort()).toEqual([...new Set(left.flat())].sort());
    expect(left.flat()).toHaveLength(8);
  });
});
