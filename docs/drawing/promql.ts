import type { SyntaxNode, Tree } from "@lezer/common";

// Its types are those of an ES module, what is loaded is CommonJS.
const { parser } = require("@prometheus-io/lezer-promql") as { readonly parser: { parse(query: string): Tree } };

/** As much of PromQL as rules and dashboards use: enough to draw a dashboard from series that are functions of time. */

export type Labels = Readonly<Record<string, string>>;

/** A series as a function of time (seconds); undefined where it has no sample. */
export interface Series {
  readonly labels: Labels;
  at(time: number): number | undefined;
}

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Series by the name of their metric. */
export type Metrics = ReadonlyMap<string, readonly Series[]>;

type Value = number | string | readonly Sample[];

interface Points {
  readonly labels: Labels;
  readonly values: readonly number[];
}

interface Evaluation {
  readonly metrics: Metrics;
  readonly time: number;
}

/** A part of a query, read once for all the times at which it is evaluated. */
type Compiled = (evaluation: Evaluation) => Value;

const NAME = "__name__";

const parsed = new Map<string, SyntaxNode>();

const compiled = new Map<string, Compiled>();

/** @throws Error with the place of the first error of syntax */
export function parse(query: string): SyntaxNode {
  const known = parsed.get(query);
  if (known) return known;
  const tree = parser.parse(query);
  tree.iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new Error(`syntax error at ${from}: ${query.slice(Math.max(0, from - 30), to + 30)}`);
    },
  });
  parsed.set(query, tree.topNode);
  return tree.topNode;
}

/** Numbers with which a query compares, products like `14 * 86400` multiplied out. */
export function comparedWith(query: string): readonly { readonly operator: string; readonly value: number }[] {
  const found: { operator: string; value: number }[] = [];
  parse(query)
    .cursor()
    .iterate(({ type, node }) => {
      if (type.name !== "BinaryExpr") return;
      const [, operation, ...rest] = children(node);
      const right = rest.at(-1);
      if (!operation || !right) return;
      const operator = query.slice(operation.from, operation.to);
      if (!COMPARISONS.has(operator)) return;
      try {
        const value = compile(right, query)({ metrics: new Map(), time: 0 });
        if (typeof value === "number") found.push({ operator, value });
      } catch {
        // Not a number: a comparison with another series.
      }
    });
  return found;
}

/** The answer at one time. A number is answered as one sample without labels. */
export function evaluate(query: string, metrics: Metrics, time: number): readonly Sample[] {
  const known = compiled.get(query) ?? compile(parse(query), query);
  compiled.set(query, known);
  return vector(known({ metrics, time }));
}

const COMPARISONS = new Set(["==", "!=", ">", "<", ">=", "<="]);

const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "^": (left, right) => left ** right,
};

const COMPARE: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  "==": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  ">": (left, right) => left > right,
  "<": (left, right) => left < right,
  ">=": (left, right) => left >= right,
  "<=": (left, right) => left <= right,
};

const AGGREGATIONS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: total,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  avg: (values) => total(values) / values.length,
  count: (values) => values.length,
  group: () => 1,
};

const OVER_TIME: Readonly<Record<string, (values: readonly number[], seconds: number) => number | undefined>> = {
  rate: (values, seconds) => (values.length < 2 ? undefined : increase(values) / seconds),
  increase: (values) => (values.length < 2 ? undefined : increase(values)),
  delta: (values) => (values.at(-1) ?? 0) - (values[0] ?? 0),
  deriv: (values, seconds) => ((values.at(-1) ?? 0) - (values[0] ?? 0)) / seconds,
  changes: (values) => values.filter((value, index) => index > 0 && value !== values[index - 1]).length,
  sum_over_time: total,
  avg_over_time: (values) => total(values) / values.length,
  max_over_time: (values) => Math.max(...values),
  min_over_time: (values) => Math.min(...values),
  count_over_time: (values) => values.length,
  last_over_time: (values) => values.at(-1),
};

function compile(node: SyntaxNode, query: string): Compiled {
  const text = query.slice(node.from, node.to);
  const inner = (child: SyntaxNode | null) => {
    if (!child) throw new Error(`incomplete: ${text}`);
    return compile(child, query);
  };
  switch (node.name) {
    case "PromQL":
    case "ParenExpr":
      return inner(node.firstChild);
    case "NumberDurationLiteral": {
      const number = numberOf(text);
      return () => number;
    }
    case "StringLiteral": {
      const string = stringOf(text);
      return () => string;
    }
    case "UnaryExpr": {
      const operand = inner(node.lastChild);
      return text.startsWith("+") ? operand : (evaluation) => negative(operand(evaluation));
    }
    case "VectorSelector":
      return select(node, query);
    case "OffsetExpr": {
      const offset = secondsOf(textOf(node.lastChild, query));
      const shifted = inner(node.firstChild);
      return ({ metrics, time }) => shifted({ metrics, time: time - offset });
    }
    case "AggregateExpr":
      return aggregate(node, query);
    case "FunctionCall":
      return call(node, query);
    case "BinaryExpr":
      return binary(node, query);
    default:
      throw new Error(`${node.name} is not supported here: ${text}`);
  }
}

function negative(value: Value): Value {
  return typeof value === "number" ? -value : vector(value).map((sample) => ({ labels: unnamed(sample.labels), value: -sample.value }));
}

function select(node: SyntaxNode, query: string): Compiled {
  const name = textOf(node.getChild("Identifier"), query);
  const matchers = matchersOf(node, query);
  const selected = memoized((metrics: Metrics) =>
    (metrics.get(name) ?? [])
      .filter(({ labels }) => matchers.every((matches) => matches(labels)))
      .map((series) => ({ series, labels: { ...series.labels, [NAME]: name } })),
  );
  return ({ metrics, time }) =>
    selected(metrics).flatMap(({ series, labels }) => {
      const value = series.at(time);
      return value === undefined ? [] : [{ labels, value }];
    });
}

function matchersOf(node: SyntaxNode, query: string): readonly ((labels: Labels) => boolean)[] {
  return (node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? []).map((matcher) => {
    const label = textOf(matcher.getChild("LabelName"), query);
    const operator = textOf(matcher.getChild("MatchOp"), query);
    const wanted = stringOf(textOf(matcher.getChild("StringLiteral"), query));
    const pattern = operator.endsWith("~")
      ? new RegExp(`^(?:${wanted.replace(/^\(\?i\)/, "")})$`, wanted.startsWith("(?i)") ? "i" : "")
      : undefined;
    return (labels) => {
      const value = labels[label] ?? "";
      const equal = pattern ? pattern.test(value) : value === wanted;
      return operator.startsWith("!") ? !equal : equal;
    };
  });
}

/** Points of each series in the time before: at least two, at most seven. */
function rangeOf(
  node: SyntaxNode,
  query: string,
): { readonly seconds: number; readonly points: (evaluation: Evaluation) => readonly Points[] } {
  const [inside, range] = children(node);
  if (!inside || !range) throw new Error(`no range: ${query.slice(node.from, node.to)}`);
  const seconds = secondsOf(textOf(range, query));
  const count = Math.max(2, Math.min(7, Math.round(seconds / 60) + 1));
  const at = compile(inside, query);
  const points = (evaluation: Evaluation) => {
    const found = new Map<string, { labels: Labels; values: number[] }>();
    for (let index = 0; index < count; index++) {
      const time = evaluation.time - seconds + (seconds * index) / (count - 1);
      for (const { labels, value } of vector(at({ ...evaluation, time }))) {
        const key = keyOf(labels);
        const known = found.get(key);
        if (known) known.values.push(value);
        else found.set(key, { labels, values: [value] });
      }
    }
    return [...found.values()];
  };
  return { seconds, points };
}

function aggregate(node: SyntaxNode, query: string): Compiled {
  const operator = textOf(node.getChild("AggregateOp"), query);
  const modifier = node.getChild("AggregateModifier");
  const grouped =
    modifier
      ?.getChild("GroupingLabels")
      ?.getChildren("LabelName")
      .map((label) => textOf(label, query)) ?? [];
  const without = modifier?.getChild("Without");
  const args = children(node.getChild("FunctionCallBody"));
  const samples = compile(args.at(-1) ?? node, query);
  const labelsOf = memoized((labels: Labels) => (without ? omit(labels, [NAME, ...grouped]) : pick(labels, grouped)));
  const groupsAt = (evaluation: Evaluation) => {
    const groups = new Map<string, { labels: Labels; samples: Sample[] }>();
    for (const sample of vector(samples(evaluation))) {
      const labels = labelsOf(sample.labels);
      const key = keyOf(labels);
      const group = groups.get(key);
      if (group) group.samples.push(sample);
      else groups.set(key, { labels, samples: [sample] });
    }
    return [...groups.values()];
  };
  if (operator === "topk" || operator === "bottomk") {
    const count = compile(args[0] ?? node, query);
    const direction = operator === "topk" ? -1 : 1;
    return (evaluation) =>
      groupsAt(evaluation).flatMap((group) =>
        [...group.samples].sort((one, other) => direction * (one.value - other.value)).slice(0, Number(count(evaluation))),
      );
  }
  const of = AGGREGATIONS[operator];
  if (!of) throw new Error(`${operator} is not supported here`);
  return (evaluation) =>
    groupsAt(evaluation).map((group) => ({ labels: group.labels, value: of(group.samples.map(({ value }) => value)) }));
}

function call(node: SyntaxNode, query: string): Compiled {
  const name = textOf(node.getChild("FunctionIdentifier"), query);
  const args = children(node.getChild("FunctionCallBody"));
  const argument = (index: number): Compiled => {
    const arg = args[index];
    if (!arg) throw new Error(`${name} lacks an argument`);
    return compile(arg, query);
  };
  const over = OVER_TIME[name];
  if (over) {
    const range = args[0];
    if (!range) throw new Error(`${name} lacks an argument`);
    const { seconds, points } = rangeOf(range, query);
    return (evaluation) =>
      points(evaluation).flatMap(({ labels, values }) => {
        const value = over(values, seconds);
        return value === undefined ? [] : [{ labels: unnamed(labels), value }];
      });
  }
  const each = (of: (value: number, evaluation: Evaluation) => number): Compiled => {
    const samples = argument(0);
    return (evaluation) =>
      vector(samples(evaluation)).map(({ labels, value }) => ({ labels: unnamed(labels), value: of(value, evaluation) }));
  };
  switch (name) {
    case "time":
      return ({ time }) => time;
    case "vector": {
      const number = argument(0);
      return (evaluation) => [{ labels: {}, value: Number(number(evaluation)) }];
    }
    case "clamp_min": {
      const limit = argument(1);
      return each((value, evaluation) => Math.max(value, Number(limit(evaluation))));
    }
    case "clamp_max": {
      const limit = argument(1);
      return each((value, evaluation) => Math.min(value, Number(limit(evaluation))));
    }
    case "abs":
      return each(Math.abs);
    case "histogram_quantile": {
      const [quantile, buckets] = [argument(0), argument(1)];
      return (evaluation) => quantiles(Number(quantile(evaluation)), vector(buckets(evaluation)));
    }
    case "label_replace": {
      const samples = argument(0);
      const texts = [1, 2, 3, 4].map(argument);
      return (evaluation) =>
        relabelled(
          vector(samples(evaluation)),
          texts.map((text) => String(text(evaluation))),
        );
    }
    default:
      throw new Error(`${name} is not supported here`);
  }
}

function binary(node: SyntaxNode, query: string): Compiled {
  const parts = children(node);
  const [left, operation] = parts;
  const right = parts.at(-1);
  if (!left || !operation || !right) throw new Error("incomplete");
  const operator = textOf(operation, query);
  const bool = node.getChild("BoolModifier") !== null;
  const clause = node.getChild("MatchingModifierClause");
  const [first, second] = [compile(left, query), compile(right, query)];
  const keyed = matching(clause, query);
  if (["and", "or", "unless"].includes(operator))
    return (evaluation) => combined(operator, vector(first(evaluation)), vector(second(evaluation)), keyed);

  const compute = (a: number, b: number): number | undefined => {
    const compare = COMPARE[operator];
    if (!compare) return ARITHMETIC[operator]?.(a, b);
    if (bool) return Number(compare(a, b));
    return compare(a, b) ? a : undefined;
  };
  // A comparison that filters keeps the sample as it is.
  const labelsOf = (labels: Labels) => (COMPARE[operator] && !bool ? labels : unnamed(labels));
  const result = (labels: Labels, value: number | undefined): readonly Sample[] => (value === undefined ? [] : [{ labels, value }]);
  const groupRight = clause?.getChild("GroupRight");
  const groupLeft = clause?.getChild("GroupLeft");
  const on = clause?.getChild("On");
  const included = (clause?.getChildren("GroupingLabels").slice(1) ?? [])
    .flatMap((labels) => labels.getChildren("LabelName"))
    .map((label) => textOf(label, query));
  const joined = memoized((labels: Labels) => memoized((match: Labels) => ({ ...labelsOf(labels), ...pick(match, included) })));

  return (evaluation) => {
    const [one, other] = [first(evaluation), second(evaluation)];
    if (typeof one === "number" && typeof other === "number") return compute(one, other) ?? Number.NaN;
    if (typeof other === "number") return vector(one).flatMap(({ labels, value }) => result(labelsOf(labels), compute(value, other)));
    if (typeof one === "number") {
      return vector(other).flatMap(({ labels, value }) => {
        const computed = compute(one, value);
        return result(labelsOf(labels), computed === undefined || !COMPARE[operator] || bool ? computed : value);
      });
    }
    const [many, single] = groupRight ? [vector(other), vector(one)] : [vector(one), vector(other)];
    const singles = new Map<string, Sample>();
    for (const sample of single) {
      const key = keyOf(keyed(sample.labels));
      if (singles.has(key)) throw new Error(`many-to-many matching in ${query.slice(node.from, node.to)}: ${key}`);
      singles.set(key, sample);
    }
    const seen = new Set<string>();
    return many.flatMap((sample) => {
      const key = keyOf(keyed(sample.labels));
      const match = singles.get(key);
      if (!match) return [];
      if (!groupLeft && !groupRight && seen.has(key)) throw new Error(`many-to-one matching in ${query.slice(node.from, node.to)}: ${key}`);
      seen.add(key);
      const value = groupRight ? compute(match.value, sample.value) : compute(sample.value, match.value);
      const labels = groupLeft || groupRight ? joined(sample.labels)(match.labels) : on ? keyed(sample.labels) : labelsOf(sample.labels);
      return result(labels, value);
    });
  };
}

/** The labels by which two sides match. */
function matching(clause: SyntaxNode | null, query: string): (labels: Labels) => Labels {
  const named =
    clause
      ?.getChild("GroupingLabels")
      ?.getChildren("LabelName")
      .map((label) => textOf(label, query)) ?? [];
  const on = clause?.getChild("On");
  return memoized((labels) => (on ? pick(labels, named) : omit(labels, [NAME, ...named])));
}

function combined(operator: string, left: readonly Sample[], right: readonly Sample[], keyed: (labels: Labels) => Labels) {
  const keys = (samples: readonly Sample[]) => new Set(samples.map(({ labels }) => keyOf(keyed(labels))));
  const [inLeft, inRight] = [keys(left), keys(right)];
  const has = (set: ReadonlySet<string>) => (sample: Sample) => set.has(keyOf(keyed(sample.labels)));
  if (operator === "and") return left.filter(has(inRight));
  if (operator === "unless") return left.filter((sample) => !has(inRight)(sample));
  return [...left, ...right.filter((sample) => !has(inLeft)(sample))];
}

function quantiles(quantile: number, buckets: readonly Sample[]): readonly Sample[] {
  const histograms = new Map<string, { labels: Labels; buckets: { le: number; count: number }[] }>();
  for (const { labels, value } of buckets) {
    const rest = withoutBucket(labels);
    const key = keyOf(rest);
    const histogram = histograms.get(key) ?? { labels: rest, buckets: [] };
    histogram.buckets.push({ le: labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le), count: value });
    histograms.set(key, histogram);
  }
  return [...histograms.values()].flatMap(({ labels, buckets }) => {
    const sorted = buckets.sort((one, other) => one.le - other.le);
    const all = sorted.at(-1)?.count ?? 0;
    if (all === 0) return [];
    const rank = quantile * all;
    const index = sorted.findIndex(({ count }) => count >= rank);
    const bucket = sorted[index];
    const before = sorted[index - 1] ?? { le: 0, count: 0 };
    if (!bucket) return [];
    if (bucket.le === Number.POSITIVE_INFINITY) return [{ labels, value: before.le }];
    return [{ labels, value: before.le + (bucket.le - before.le) * ((rank - before.count) / (bucket.count - before.count)) }];
  });
}

function relabelled(samples: readonly Sample[], [target = "", replacement = "", source = "", pattern = ""]: readonly string[]) {
  const wanted = new RegExp(`^(?:${pattern})$`);
  return samples.map((sample) => {
    const match = wanted.exec(sample.labels[source] ?? "");
    if (!match) return sample;
    return { ...sample, labels: { ...sample.labels, [target]: replacement.replace(/\$(\d)/g, (_, group) => match[Number(group)] ?? "") } };
  });
}

function vector(value: Value): readonly Sample[] {
  if (typeof value === "number") return [{ labels: {}, value }];
  if (typeof value === "string") throw new Error("a string is no vector");
  return value;
}

function increase(values: readonly number[]): number {
  // A counter that falls was reset, and counts from 0 again.
  return values.reduce((sum, value, index) => {
    const before = values[index - 1];
    return before === undefined ? sum : sum + (value < before ? value : value - before);
  }, 0);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function children(node: SyntaxNode | null): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child; child = child.nextSibling) found.push(child);
  return found;
}

function textOf(node: SyntaxNode | null, query: string): string {
  return node ? query.slice(node.from, node.to) : "";
}

function stringOf(literal: string): string {
  return literal.slice(1, -1).replace(/\\(.)/g, "$1");
}

function numberOf(literal: string): number {
  const value = Number(literal);
  return Number.isNaN(value) ? secondsOf(literal) : value;
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** Seconds of a duration: `1h30m`. */
export function secondsOf(duration: string): number {
  return [...duration.matchAll(/([\d.]+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (SECONDS[unit] ?? 0),
    0,
  );
}

function pick(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])));
}

function omit(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

const unnamed = memoized((labels: Labels) => omit(labels, [NAME]));

const withoutBucket = memoized((labels: Labels) => omit(labels, [NAME, "le"]));

/** Text that is the same for the same labels. */
export const keyOf = memoized((labels: Labels) =>
  Object.entries(labels)
    .filter(([, value]) => value !== "")
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map((pair) => pair.join("="))
    .join(","),
);

/** A function of objects that never change: labels are the same at every time. */
function memoized<K extends object, V>(of: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = of(key);
    known.set(key, value);
    return value;
  };
}
