import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawing } from "./drawing";
import { parseFlowchart } from "./flowchart";
import { unescaped } from "./html";
import { pagesIn } from "./links";

/** Draws the flowcharts in the pages of a site. GitHub draws them with Mermaid. */
export async function drawFlowcharts(site: string): Promise<void> {
  for (const page of pagesIn(site)) {
    const text = readFileSync(join(site, page), "utf8");
    let drawn = text;
    for (const [block, code = ""] of text.matchAll(/<pre><code class="mermaid">([\s\S]*?)<\/code>[\s\S]*?<\/pre>/g)) {
      const svg = await drawing(parseFlowchart(unescaped(code.replace(/<[^>]+>/g, ""))));
      drawn = drawn.replace(block, () => svg);
    }
    if (drawn !== text) writeFileSync(join(site, page), drawn);
  }
}
