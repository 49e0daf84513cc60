/** A node of the tree that the parser makes of an expression. */
export interface Node {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly type: { readonly isError: boolean };
  readonly node: Node;
  getChild(name: string): Node | null;
  getChildren(name: string): readonly Node[];
}

interface Cursor extends Node {
  next(): boolean;
}

// Its types say that it is a module; what is loaded here is its CommonJS half.
const { parser } = require("@prometheus-io/lezer-promql") as { readonly parser: { parse(text: string): { cursor(): Cursor } } };

/** An expression in PromQL, as far as rules and panels are checked. */
export interface Expression {
  /** Where it can't be read: the rest of the text from there. */
  readonly errors: readonly string[];

  /** Names of the series that it selects; `undefined` for a selector without a name. */
  readonly metrics: readonly (string | undefined)[];

  /** Aggregations and matchings that drop a label, as they are written. */
  dropping(label: string): readonly string[];
}

/** All nodes of the tree of an expression, from the outside in. */
export function nodesOf(text: string): readonly Node[] {
  const nodes: Node[] = [];
  const cursor = parser.parse(text).cursor();
  do nodes.push(cursor.node);
  while (cursor.next());
  return nodes;
}

/** A text in which other texts stand in place of some parts. Of two changes at one place the first stands first. */
export function changed(text: string, edits: readonly { readonly from: number; readonly to: number; readonly text: string }[]): string {
  let rest = 0;
  const parts: string[] = [];
  for (const edit of edits.map((one, index) => ({ ...one, index })).sort((a, b) => a.from - b.from || a.index - b.index)) {
    parts.push(text.slice(rest, edit.from), edit.text);
    rest = edit.to;
  }
  return [...parts, text.slice(rest)].join("");
}

const known = new Map<string, Expression>();

/** Reads an expression. Variables of Grafana are to be replaced before. */
export function promql(text: string): Expression {
  const expression = known.get(text) ?? read(text);
  known.set(text, expression);
  return expression;
}

function read(text: string): Expression {
  const nodes = nodesOf(text);
  const written = ({ from, to }: Node) => text.slice(from, to).replace(/\s+/g, " ");
  const named = (node: Node | null) => (node?.getChildren("LabelName") ?? []).map(written);
  const of = (name: string) => nodes.filter((node) => node.name === name);
  return {
    errors: nodes.filter(({ type }) => type.isError).map(({ from }) => text.slice(from).trim() || "its end"),
    metrics: of("VectorSelector").map((selector) => {
      const name = selector.getChild("Identifier");
      return name ? written(name) : undefined;
    }),
    dropping: (label) =>
      [
        ...of("AggregateExpr").filter((aggregation) => {
          const modifier = aggregation.getChild("AggregateModifier");
          if (!modifier) return true;
          const labels = named(modifier.getChild("GroupingLabels"));
          return modifier.getChild("Without") ? labels.includes(label) : !labels.includes(label);
        }),
        ...of("MatchingModifierClause").filter((clause) => {
          // The labels of group_left and group_right stand behind those that are matched.
          const labels = named(clause.getChild("GroupingLabels"));
          return clause.getChild("Ignoring") ? labels.includes(label) : clause.getChild("On") !== null && !labels.includes(label);
        }),
      ].map(written),
  };
}
