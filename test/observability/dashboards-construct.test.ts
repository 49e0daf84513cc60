import { type DashboardSelection, Dashboards, dashboards, type SeriesSource } from "../../constructs/observability";
import { all, synth } from "../synth";

const ALL: readonly SeriesSource[] = [
  "health",
  "objectives",
  "commands",
  "queries",
  "aggregates",
  "readModels",
  "kurrentdb",
  "cloudNativePg",
  "valkey",
  "nats",
  "gateway",
  "probes",
  "certificates",
  "rds",
  "elastiCache",
  "networkLoadBalancer",
  "natGateways",
  "cloudFront",
  "awsBackup",
  "ebs",
];

const chosen = (selection: Partial<DashboardSelection> = {}) => dashboards({ sources: ALL, traces: true, logs: true, ...selection });
const parsed = (name: string, selection: Partial<DashboardSelection> = {}) => JSON.parse(chosen(selection).get(name) ?? "{}");
const without = (...sources: readonly SeriesSource[]) => ({ sources: ALL.filter((source) => !sources.includes(source)) });
const titles = (name: string, selection: Partial<DashboardSelection>) =>
  parsed(name, selection).panels.map(({ title }: { title: string }) => title);

describe("Dashboards", () => {
  const made = (selection: Partial<DashboardSelection> = {}) =>
    all(
      synth((stack) => new Dashboards(stack, "dashboards", { namespace: "observability", sources: ALL, ...selection })),
      "kubernetes_config_map_v1",
    );

  it("are ConfigMaps that Grafana's sidecar finds, one for each", () => {
    const maps = made();
    expect(maps.length).toBe(chosen().size);
    for (const { metadata, data } of maps) {
      expect(metadata).toMatchObject({
        namespace: "observability",
        labels: { grafana_dashboard: "1" },
        annotations: { grafana_folder: "CQRS" },
      });
      expect(Object.keys(data)).toEqual([`${metadata.name.replace("dashboard-", "")}.json`]);
    }
  });

  it("come to Grafana with its variables, of which Terraform evaluates none", () => {
    for (const { metadata, data } of made({ traces: true, logs: true })) {
      const name = metadata.name.replace("dashboard-", "");
      const text: string = data[`${name}.json`];
      expect(text).toContain('"$${datasource}"');
      expect(text).not.toMatch(/(?<!\$)\$\{|(?<!%)%\{/);
      expect(text.replaceAll("$${", "${")).toBe(chosen().get(name));
    }
  });

  it("show each domain under its own name and namespace", () => {
    const { title, uid, panels } = parsed("domain-location", { domains: [{ name: "location", namespace: "location-services" }] });
    expect({ title, uid }).toEqual({ title: "Domain: location", uid: "cqrs-domain-location" });
    expect(JSON.stringify(panels)).toContain('namespace=\\"location-services\\"');
    for (const json of chosen({ domains: [{ name: "location", namespace: "location-services" }] }).values())
      expect(json).not.toMatch(/__(DOMAIN|NAMESPACE)__/);
  });

  it("shorten the uid of a long name, and keep two of them apart", () => {
    const name = (end: string) => `a-very-long-name-of-a-domain-${end}`;
    const uids = ["one", "two"].map((end) => parsed(`domain-${name(end)}`, { domains: [{ name: name(end), namespace: end }] }).uid);
    expect(uids[0]).not.toBe(uids[1]);
    for (const uid of uids) expect(uid.length).toBe(40);
  });

  it.each([
    ["kurrentdb", "kurrentdb"],
    ["cloudNativePg", "cloud-native-pg"],
    ["valkey", "valkey"],
    ["nats", "nats"],
    ["rds", "postgres-aws"],
    ["elastiCache", "elasticache"],
    ["readModels", "projections"],
    ["objectives", "slos"],
  ] as const)("without %s leave out the dashboard %s", (source, name) => {
    expect(chosen().has(name)).toBe(true);
    expect(chosen(without(source)).has(name)).toBe(false);
  });

  it("leave out panels and rows that nobody has series for, and close the gaps", () => {
    const selection = without("kurrentdb", "health");
    expect(titles("overview", {})).toEqual(expect.arrayContaining(["Event store", "Events written", "Health"]));
    for (const title of ["Event store", "Events written", "Health"]) expect(titles("overview", selection)).not.toContain(title);
    const lines = new Map<number, { w: number; h: number }>();
    for (const { gridPos } of parsed("overview", selection).panels) {
      const { w = 0 } = lines.get(gridPos.y) ?? {};
      lines.set(gridPos.y, { w: w + gridPos.w, h: gridPos.h });
    }
    let bottom = 0;
    for (const [y, { w, h }] of lines) {
      expect({ y, w }).toEqual({ y: bottom, w: 24 });
      bottom = y + h;
    }
  });

  it("link to traces and logs only where there are some", () => {
    const links = (selection: Partial<DashboardSelection>) => [...chosen(selection).values()].join("");
    expect(links({})).toContain("%22jaeger%22");
    expect(links({})).toContain("%22elasticsearch%22");
    expect(links({ traces: false })).not.toContain("%22jaeger%22");
    expect(links({ traces: false })).toContain("%22elasticsearch%22");
    expect(links({ logs: false })).not.toContain("%22elasticsearch%22");
  });

  it("link only to dashboards that are there", () => {
    expect(chosen().get("read-path")).toContain("/d/cqrs-valkey");
    for (const source of ALL) {
      const some = chosen(without(source));
      const uids = new Set([...some.values()].map((json) => JSON.parse(json).uid));
      for (const json of some.values())
        for (const { fieldConfig } of JSON.parse(json).panels)
          for (const { url } of fieldConfig?.defaults.links ?? []) if (url.startsWith("/d/")) expect(uids).toContain(url.split(/[/?]/)[2]);
    }
  });
});
