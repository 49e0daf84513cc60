import { diagramOf } from "../../cli/report/diagram/parts";
import { table, textOf } from "../../cli/report/html";
import { pageOf } from "../../cli/report/page";
import { TOPICS } from "../../cli/report/topics";
import { production as venta } from "../../examples/venta/environments";
import { asDomains, type Program } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { program } from "../fixtures/environments";
import { fewOf } from "../thorough";
import { aboutAll, faultsIn, gather, namesOf, pageAbout } from "./pages";

const TWO = ["local", "production"];
const two = () => pageAbout(program, {}, TWO);

const HOSTILE = `says "><script>alert('&')</script> to whom it may concern`;

const hostile = (name: string) =>
  anEnvironment({
    name,
    aws: undefined,
    cluster: { context: `kind-${name}` },
    stores: { postgres: { engine: "cloudnative-pg" } },
    domains: {
      shop: {
        services: { web: { image: "web:1", replicas: 1, uses: ["postgres"], env: { GREETING: HOSTILE }, egress: [{ host: "internet" }] } },
      },
    },
    exceptions: { disposable: HOSTILE },
  });

const alone: Program = { accounts: [], environments: [hostile("one")] };

describe("the report", () => {
  it("is well-formed", async () => {
    expect(faultsIn(await two())).toEqual([]);
    expect(faultsIn(await pageAbout(alone))).toEqual([]);
  });

  it("is checked for what is not well-formed", () => {
    expect(faultsIn(`<p id="a"><b>1 < 2</p><i id="a" b="c"d">&x</i>`)).toEqual([
      "</p> ends b",
      "</i> ends p",
      'a bare angle bracket: 1 < 2<i id="a" b="c"d">&x',
      "a bare ampersand: &x",
      "id a stands twice",
    ]);
  });

  it("has every section for every environment", async () => {
    const page = await two();
    const sections = [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
    expect(sections).toEqual([...TWO.flatMap((name) => TOPICS.map(({ id }) => `${name}-${id}`)), "differences"]);
    for (const { id } of TOPICS) expect(page).toContain(`<a href="#production-${id}">`);
  });

  it("keeps names of regions and zones in one line", async () => {
    const rows = (await two()).replace(/<span class="whole">[^<]*<\/span>/g, "");
    expect([...rows.matchAll(/<t[dh]\b[^>]*>[^<]*\beu-(?:west|central)-\d/g)].map(([cell]) => cell)).toEqual([]);
  });

  it("keeps short names of rows in one line, and lets long ones break", () => {
    const names = ["read-database", "write-side / command-api", "prometheus-yet-another-cloudwatch-exporter"];
    expect(
      textOf(table({ caption: "", head: ["store"], rows: names.map((name) => [name]) })).match(/<th role="rowheader".*?<\/th>/g),
    ).toEqual([
      '<th role="rowheader" scope="row"><span class="whole">read-database</span></th>',
      '<th role="rowheader" scope="row"><span class="whole">write-side</span> / <span class="whole">command-api</span></th>',
      '<th role="rowheader" scope="row">prometheus-yet-another-cloudwatch-exporter</th>',
    ]);
  });

  it("escapes what a user writes", async () => {
    const page = await pageAbout({ accounts: [], environments: [hostile("one"), hostile("two")] });
    expect(page).not.toMatch(/<script/i);
    const escaped = "says &quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;";
    // As a reason in each environment, and as a reason and a variable in the two columns of the comparison.
    expect(page.split(escaped).length - 1).toBe(2 + 4);
  });

  it("loads nothing and runs nothing", async () => {
    const page = await pageAbout(program);
    expect(page).toContain("default-src &#39;none&#39;");
    expect(page).not.toMatch(/\s(src|srcset|data|poster|action|formaction|background|ping|on\w+)=/i);
    expect(page).not.toMatch(/<(script|link|iframe|object|embed|img|base|form|use|image)\b/i);
    expect(page).not.toMatch(/url\((?!#)|@import/i);
    expect([...page.matchAll(/<(\w+)[^>]*\shref="(?!#)/g)].every(([, tag]) => tag === "a")).toBe(true);
  });

  it("prints diagrams at their size, tables of a few rows on one page, and each environment on pages of its own", async () => {
    const [, print = ""] = (await pageAbout(alone)).split("@media print {");
    expect(print).toContain("  .diagram {\n    min-width: 0;\n  }");
    expect(print).toContain("table:not(:has(tbody tr:nth-child(16))) {\n    break-inside: avoid;");
    expect(print).toContain("\n  .environment {\n    break-after: page;");
  });

  it("links runbooks that can be reached, and only names the others", async () => {
    const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
    const monitored = (more: object) => aProgram(anEnvironment({ cluster, monitoring: { prometheus: true, ...more } }));
    const own = monitored({});
    expect(await pageAbout(own)).toContain('<a href="docs/runbooks/workloaddown.md"');
    expect(await pageAbout(own, { directory: "/nowhere" })).toContain(">docs/runbooks/workloaddown.md</td>");
    const elsewhere = monitored({ runbooks: "https://runbooks.example.com" });
    expect(await pageAbout(elsewhere)).toContain('<a href="https://runbooks.example.com/workloaddown.md"');
  });

  it("shows a protected environment first, and all of one that stands alone", async () => {
    expect(await pageAbout(program)).toContain(`id="show-${namesOf(program).indexOf("production")}" checked`);
    const page = await pageAbout(alone);
    expect(page).not.toContain("All environments");
    expect(page).toContain("only one environment");
  });

  it("says who provides the ingress where no endpoint is created", async () => {
    expect(await pageAbout(program, {}, ["local"])).toContain(
      "On an existing cluster you provide the ingress to write-side / command-api, read-side / query-api.",
    );
  });
});

describe("the diagram of the report", () => {
  const access = { administrators: ["arn:aws:iam::111122223333:role/platform"] };
  const ventaProgram: Program = {
    accounts: [{ system: "venta", id: "111122223333", region: "eu-west-1" }],
    environments: [{ ...venta, access }],
  };

  const systems = fewOf([["orders", program] as const, ["venta", ventaProgram] as const], [["orders", program]]);

  it.each(systems)("of %s has every workload, store and connection", async (_, all) => {
    const page = await pageAbout(all);
    const { environments } = await aboutAll(all);
    for (const { name, system } of environments) {
      const [, drawing = ""] = new RegExp(`<section id="${name}-architecture"[^]*?(<svg class="diagram"[^]*?</svg>)`).exec(page) ?? [];
      const parts = [...drawing.matchAll(/data-part="([^"]+)"/g)].map(([, id = ""]) => id);
      const members = system.domains.flatMap(({ jobs, services, workers, projections }) => [
        ...jobs,
        ...services,
        ...workers,
        ...projections,
      ]);
      for (const { keys, name: part } of [...members, ...system.stores]) expect(parts).toContain([...keys, part].join("/"));
      for (const { namespace, cluster } of system.domains) expect(drawing).toContain(`data-area="areas/${cluster}/${namespace}"`);

      const expected = members.flatMap(({ name: part, uses, calls, settings }) => [
        ...uses.map(({ store }) => `${part} -> ${store}`),
        ...calls.map(({ service }) => `${part} -> ${service}`),
        ...((settings as { egress?: readonly { host: string }[] }).egress ?? []).map(({ host }) => `${part} -> ${host}`),
      ]);
      // On AWS each exposed service has an endpoint.
      const exposed = members.filter((one) => system.aws && "exposed" in one && one.exposed);
      expected.push(...exposed.map(({ name: part }) => `endpoint -> ${part}`));
      const last = (id: string) => (id.startsWith("endpoints/") ? "endpoint" : id.split("/").at(-1));
      const drawn = [...drawing.matchAll(/data-from="([^"]+)" data-to="([^"]+)" d="M/g)].map(
        ([, from = "", to = ""]) => `${last(from)} -> ${last(to)}`,
      );
      expect(drawn.sort()).toEqual(expected.sort());

      const [, listed = ""] = new RegExp(`<caption>Connections in ${name}</caption>[^]*?<tbody[^>]*>([^]*?)</tbody>`).exec(page) ?? [];
      expect(listed.split("<tr ")).toHaveLength(expected.length + 1);
    }
  });

  it("gives way to the table if it would be too large to be read", async () => {
    const egress = Array.from({ length: 201 }, (_, index) => ({ host: `api-${index}.example.com` }));
    const environment = anEnvironment({
      aws: undefined,
      cluster: { context: "kind-many" },
      domains: { shop: { services: { web: { image: "web:1", replicas: 1, egress } } } },
      exceptions: { disposable: "lives as long as a test" },
    });
    const page = await pageAbout({ accounts: [], environments: [environment] });
    expect(page).toContain("<p>A diagram of 201 connections would not be legible. The connections as a table:</p>");
    expect(page).not.toContain('class="diagram"');
    expect(page).not.toContain("The same as a table");
  });

  it("is the same each time", async () => {
    expect(pageOf(await gather(program, TWO), { directory: "." })).toBe(await two());
  });

  it("of a large system fits a page of 1,440 pixels at a legible scale", async () => {
    for (const { layout } of (await aboutAll(ventaProgram)).environments) expect(layout?.width).toBeLessThan(1400);
  });

  it("has the memory of a process in the namespace of the process", () => {
    const system = asDomains(
      anEnvironment({
        cluster: { context: "shop" },
        stores: { events: { engine: "memory" } },
        domains: { shop: { services: { web: { image: "web:1", replicas: 1, uses: ["events"] } } } },
      }),
    );
    const [cluster] = diagramOf(system).areas.filter(({ kind }) => kind === "cluster");
    expect(cluster?.areas.map(({ title, shapes }) => [title, shapes.map((shape) => shape.title)])).toEqual([["shop", ["web", "events"]]]);
  });

  it.each(systems)("of %s keeps parts inside of their areas and apart from each other", async (_, all) => {
    for (const { diagram, layout } of (await aboutAll(all)).environments) {
      const inside = (inner: string, outer: string) => {
        const [a, b] = [layout?.boxes.get(inner), layout?.boxes.get(outer)];
        return a && b && a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;
      };
      const check = (areas: typeof diagram.areas): void => {
        for (const { id, areas: inner, shapes } of areas) {
          for (const one of [...inner, ...shapes]) expect([one.id, inside(one.id, id)]).toEqual([one.id, true]);
          check(inner);
        }
      };
      check(diagram.areas);
      expect(layout?.paths.every((points) => points.length >= 2)).toBe(true);
    }
  });
});
