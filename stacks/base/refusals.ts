import type { TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import { type Problem, problemOf } from "../../constructs/core/errors";

/** Settings that have another name than the prop they become, by that prop. */
type Renamed = Readonly<Record<string, string>>;

const DESCRIBED = new WeakMap<IConstruct, { readonly path: string; readonly renamed: Renamed }>();

/** Records the path at which an environment defines a construct, for error messages: `production.cache`. */
export function describedAt<T extends IConstruct>(path: string, construct: T, renamed: Renamed = {}): T {
  DESCRIBED.set(construct, { path, renamed });
  return construct;
}

/** Path at which an environment defines a resource of a stack, by its address: `production.cache`. Undefined if there is none. */
export function descriptionOf(stack: IConstruct, address: string): string | undefined {
  const isIt = (construct: IConstruct) => {
    const { terraformResourceType, friendlyUniqueId } = construct as TerraformResource;
    return `${terraformResourceType}.${friendlyUniqueId}` === address;
  };
  const place = stack.node
    .findAll()
    .find(isIt)
    ?.node.scopes.findLast((scope) => DESCRIBED.has(scope));
  return place && DESCRIBED.get(place)?.path;
}

/** Problems reported by constructs, with the paths of the environment's settings. */
export function refusals(stacks: readonly IConstruct[]): readonly Problem[] {
  const found = stacks.flatMap((stack) =>
    stack.node
      .findAll()
      .flatMap((construct) => construct.node.validate().map((message) => [message, whereItIsDescribed(construct, message)])),
  );
  return [...new Map(found.map(([message = "", told = ""]) => [message, problemOf(told)])).values()];
}

function whereItIsDescribed(construct: IConstruct, message: string): string {
  const place = construct.node.scopes.findLast((scope) => DESCRIBED.has(scope));
  const described = place && DESCRIBED.get(place);
  const { path } = place?.node ?? {};
  if (!described || !path || !message.startsWith(path)) return message;
  // Constructs within a construct have no path in the configuration.
  const below = message.slice(path.length).replace(/^(\/[^\s:.]+)+/, "");
  const setting = (prop: string) => (Object.hasOwn(described.renamed, prop) ? described.renamed[prop] : prop);
  return `${described.path}${below.replace(/^\.(\w+)/, (_, prop: string) => `.${setting(prop)}`)}`;
}
