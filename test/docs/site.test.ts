import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawing } from "../../docs/site/drawing";
import { parseFlowchart } from "../../docs/site/flowchart";
import { drawFlowcharts } from "../../docs/site/flowcharts";
import { brokenLinks } from "../../docs/site/links";

let site: string;
beforeEach(() => {
  site = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
});
afterEach(() => rmSync(site, { recursive: true }));

function write(pages: Readonly<Record<string, string>>): void {
  mkdirSync(join(site, "documents"));
  for (const [file, html] of Object.entries(pages)) writeFileSync(join(site, file), html);
}

describe("the links of the site", () => {
  it("hold if the page and its anchor are there", () => {
    write({
      "index.html":
        '<h1 id="top"></h1><a href="#top"></a><a href="documents/A%20page.html#a-&amp;-b"></a><a href="https://example.com"></a>',
      "documents/A page.html": '<h2 id="a-&amp;-b"></h2><a href="../index.html"></a><img src="../index.html"/>',
    });
    expect(brokenLinks(site)).toEqual([]);
  });

  it("are broken otherwise", () => {
    write({
      "index.html": '<a href="documents/gone.html"></a><a href="documents/page.html#gone"></a>',
      "documents/page.html": '<img src="../gone.png"/>',
    });
    expect([...brokenLinks(site)].sort()).toEqual([
      "documents/page.html: ../gone.png: gone.png doesn't exist",
      "index.html: documents/gone.html: documents/gone.html doesn't exist",
      "index.html: documents/page.html#gone: the page has no gone",
    ]);
  });
});

describe("a flowchart", () => {
  it.each([
    [
      "a chain",
      "a --> b -- text --> c",
      ["a", "b", "c"],
      [
        ["a", "b"],
        ["b", "c", "text"],
      ],
    ],
    [
      "shapes with text",
      'client([client]) --> es[(event store)]\nx["one<br/>two"]',
      ["client", "event store", "one two"],
      [["client", "es"]],
    ],
    ["a quoted label", 'read-side -- "one<br/>two" --> edge', ["read-side", "edge"], [["read-side", "edge", "one two"]]],
  ])("can have %s", (_, code, texts, edges) => {
    const chart = parseFlowchart(`flowchart LR\n${code}`);
    expect([...chart.nodes.values()].map((lines) => lines.join(" "))).toEqual(texts);
    expect(chart.edges.map(({ from, to, label }) => [from, to, ...(label.length > 0 ? [label.join(" ")] : [])])).toEqual(edges);
  });

  it.each([
    ["graph TD\na --> b", "graph TD: must be a flowchart from left to right; write flowchart LR"],
    ["flowchart LR\na ==> b", "a ==> b: can't be read from here:  ==> b"],
    ["flowchart LR\na[text", "a[text: has no ]"],
    ["flowchart LR\na --> ?", "a --> ?: can't be read from here:  ?"],
  ])("is refused if it can't be read: %j", (code, message) => expect(() => parseFlowchart(code)).toThrow(message));

  it("is drawn, with a text for those who don't see it", async () => {
    const svg = await drawing(parseFlowchart('flowchart LR\na["A & B"] -- text --> b'));
    expect(svg).toContain('aria-label="A &amp; B to b: text"');
    expect(svg.match(/<polyline/g)).toHaveLength(1);
    expect(svg.match(/<rect class="node"/g)).toHaveLength(2);
  });

  it("takes the place of its code in a page", async () => {
    write({
      "index.html": '<p>$&amp;</p><pre><code class="mermaid"><span>flowchart LR\na --&gt; b</span></code><button>Copy</button></pre>',
    });
    await drawFlowcharts(site);
    const page = readFileSync(join(site, "index.html"), "utf8");
    expect(page).toMatch(/^<p>\$&amp;<\/p><figure class="flowchart"/);
    expect(page).not.toContain("<pre>");
  });
});
