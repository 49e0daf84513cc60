/** A flowchart from left to right. */
export interface Flowchart {
  /** Lines of text by node. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  readonly edges: readonly Edge[];
}

export interface Edge {
  readonly from: string;
  readonly to: string;

  /** Lines of text; none without a label. */
  readonly label: readonly string[];
}

const NODE = /^\s*([\w-]*\w)(\(\[|\[\(|\[|\()?/;
const ARROW = /^\s*--(?:>|\s*(?:"([^"]*)"|(.+?))\s*-->)/;
const CLOSING: Readonly<Record<string, string>> = { "([": "])", "[(": ")]", "[": "]", "(": ")" };

/** Reads a flowchart in the syntax of Mermaid. @throws an error at what is not understood */
export function parseFlowchart(code: string): Flowchart {
  const nodes = new Map<string, readonly string[]>();
  const edges: Edge[] = [];
  const [head = "", ...lines] = code.split("\n").filter((line) => line.trim() !== "");
  if (head.trim() !== "flowchart LR") throw new Error(`${head}: must be a flowchart from left to right; write flowchart LR`);
  for (const line of lines) {
    let rest = line;
    let open: Omit<Edge, "to"> | undefined;
    while (rest.trim() !== "") {
      const [match, id, opening] = NODE.exec(rest) ?? [];
      if (match === undefined || id === undefined) throw new Error(`${line}: can't be read from here: ${rest}`);
      rest = rest.slice(match.length);
      const closing = CLOSING[opening ?? ""];
      const end = closing ? rest.indexOf(closing) : 0;
      if (end < 0) throw new Error(`${line}: has no ${closing}`);
      if (closing) nodes.set(id, linesOf(rest.slice(0, end)));
      else if (!nodes.has(id)) nodes.set(id, [id]);
      rest = rest.slice(end + (closing?.length ?? 0));
      if (open) edges.push({ ...open, to: id });
      const [arrow = "", quoted, bare] = ARROW.exec(rest) ?? [];
      open = { from: id, label: linesOf(quoted ?? bare ?? "") };
      if (arrow === "" && rest.trim() !== "") throw new Error(`${line}: can't be read from here: ${rest}`);
      rest = rest.slice(arrow.length);
    }
  }
  return { nodes, edges };
}

function linesOf(text: string): readonly string[] {
  return text
    .replace(/^"|"$/g, "")
    .split(/<br\/?>/)
    .filter((line) => line !== "");
}
