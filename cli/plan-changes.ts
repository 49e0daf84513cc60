import { isStateful } from "../constructs/policy";
import { refusing } from "./protection";

/** Effect of a plan on a resource. */
export type Effect = "create" | "change" | "replace" | "destroy" | "forget";

/** A resource that a plan changes. No values: they may be secrets. */
export interface ResourceChange {
  readonly address: string;
  readonly effect: Effect;

  /** Names of the arguments that change, or that force a replacement. */
  readonly arguments: readonly string[];

  /** Is true for a resource with data, or whose deletion deletes volumes. */
  readonly holdsData: boolean;

  /** Settings with which an API refuses the deletion: `deletion_protection`. */
  readonly protectedBy: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

/** The used part of `terraform show -json` of a saved plan. */
interface ShownPlan {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly mode: "managed" | "data";
    readonly type: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly before: Values | null;
      readonly after: Values | null;
      readonly after_unknown?: Values;
      readonly replace_paths?: readonly (readonly (string | number)[])[];
    };
  }[];
}

/** The changes of a plan, from the output of `terraform show -json`. */
export function changesIn(plan: unknown): readonly ResourceChange[] {
  return ((plan as ShownPlan).resource_changes ?? []).flatMap(({ address, mode, type, change }) => {
    const effect = effectOf(change.actions);
    if (mode !== "managed" || !effect) return [];
    const before = change.before ?? {};
    const forcing = (change.replace_paths ?? []).map(([name]) => String(name));
    const changed = effect === "change" ? changedArguments(before, change.after ?? {}, change.after_unknown ?? {}) : [];
    return [
      {
        address,
        effect,
        arguments: [...new Set(effect === "replace" ? forcing : changed)].sort(),
        holdsData: isStateful({ type, body: before }),
        protectedBy: refusing(before),
      },
    ];
  });
}

function effectOf(actions: readonly string[]): Effect | undefined {
  if (actions.includes("delete")) return actions.includes("create") ? "replace" : "destroy";
  if (actions.includes("forget")) return "forget";
  if (actions.includes("create")) return "create";
  return actions.includes("update") ? "change" : undefined;
}

function changedArguments(before: Values, after: Values, unknown: Values): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after), ...Object.keys(unknown)]);
  // Values from the same JSON text have their keys in the same order.
  return [...names].filter((name) => isUnknown(unknown[name]) || JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** Checks that a value, or a part of it, is known only after the apply. */
function isUnknown(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === true;
  return Object.values(value).some(isUnknown);
}
