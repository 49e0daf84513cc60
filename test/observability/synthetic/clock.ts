import type { Rule, RuleGroup } from "../../../constructs/observability/rules";
import { changed, type Node, nodesOf } from "../promql";

/**
 * A clock that runs fast. Everything in a synthetic system happens by it: counters grow by it, timestamps are its, and what is
 * measured in seconds is measured by it. So thresholds, and the values in messages, stay as they are written. Only what Prometheus
 * and Alertmanager measure by their own clock is made shorter:
 *
 * - the durations of ranges, subqueries, offsets, `for`, `keep_firing_for`, `interval`, and of the configuration of Alertmanager;
 * - what is per second: `rate`, `irate` and `deriv` are divided, the seconds to which `predict_linear` looks ahead, too;
 * - `time()` and `timestamp()` are made the time of this clock.
 */
export class Clock {
  /**
   * @param speed how many of its seconds pass in a second
   * @param started the moment at which it was started, in milliseconds since 1970
   * @param at the time that it showed then, in seconds since 1970
   */
  constructor(
    readonly speed: number,
    readonly started: number,
    readonly at: number,
  ) {}

  /** Its seconds since it was started. */
  elapsed(): number {
    return ((Date.now() - this.started) / 1000) * this.speed;
  }

  /** A duration of its time (`5m`, `1h30m`) in milliseconds of ours. */
  milliseconds(duration: string): number {
    return Math.round((seconds(duration) * 1000) / this.speed);
  }

  duration(duration: string): string {
    return `${this.milliseconds(duration)}ms`;
  }

  /** The same question, asked by this clock. */
  expression(text: string): string {
    const edits = nodesOf(text).flatMap((node) => this.edits(node, text));
    return changed(text, edits);
  }

  groups(groups: readonly RuleGroup[]): readonly RuleGroup[] {
    return groups.map(({ interval, rules, ...group }) => ({
      ...group,
      ...(interval ? { interval: this.duration(interval) } : {}),
      rules: rules.map((rule) => this.rule(rule)),
    }));
  }

  private rule(rule: Rule): Rule {
    const expr = this.expression(rule.expr);
    if ("record" in rule) return { ...rule, expr };
    const { for: lasts, keep_firing_for: kept, ...alert } = rule;
    return {
      ...alert,
      expr,
      ...(lasts ? { for: this.duration(lasts) } : {}),
      ...(kept ? { keep_firing_for: this.duration(kept) } : {}),
    };
  }

  /** A configuration of Alertmanager, with its times made shorter. */
  alertmanager<T>(config: T): T {
    return JSON.parse(
      JSON.stringify(config, (key, value) =>
        /_(wait|interval|timeout)$/.test(key) && typeof value === "string" ? this.duration(value) : value,
      ),
    );
  }

  private edits({ name, from, to, node }: Node, text: string): readonly Edit[] {
    if (/^NumberDurationLiteralInDurationContext$/.test(name)) return [{ from, to, text: this.duration(text.slice(from, to)) }];
    if (name !== "FunctionCall") return [];
    const called = node.getChild("FunctionIdentifier");
    switch (called && text.slice(called.from, called.to)) {
      case "rate":
      case "irate":
      case "deriv":
        return around(from, to, "(", ` / ${this.speed})`);
      case "time":
      case "timestamp":
        return around(from, to, "((", ` - ${this.started / 1000}) * ${this.speed} + ${this.at})`);
      case "predict_linear": {
        const ahead = node.getChild("FunctionCallBody")?.getChild("NumberDurationLiteral");
        if (!ahead) throw new Error(`it is not written as a number how far ahead is looked in ${text.slice(from, to)}`);
        return [{ from: ahead.to, to: ahead.to, text: ` / ${this.speed}` }];
      }
      case "minute":
      case "hour":
      case "day_of_week":
      case "day_of_month":
      case "month":
        throw new Error(`${text.slice(from, to)} asks for the time of day, which a fast clock has not`);
      default:
        return [];
    }
  }
}

type Edit = Parameters<typeof changed>[1][number];

function around(from: number, to: number, before: string, after: string): readonly Edit[] {
  return [
    { from, to: from, text: before },
    { from: to, to, text: after },
  ];
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** A duration of Prometheus in seconds. */
export function seconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.map(([part]) => part).join("") !== duration || duration === "") throw new Error(`${duration} is no duration`);
  return parts.reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
}
