import type { Problem } from "../../constructs/core/errors";
import {
  asDomains,
  deployedParts,
  type Environment,
  type Program,
  type QuotaNeed,
  quotaNeeds,
  type Synthesis,
  type System,
} from "../../stacks";
import { type Billable, billables } from "../../stacks/billable";
import type { MeasuredSite } from "../../stacks/capacity";
import { bootstrapName } from "../../stacks/compose";
import { type Traffic, traffic } from "../../stacks/model/derive/traffic";
import { type PartSummary, type StackSummary, type Summary, summarize } from "../summary";
import { type AlertRow, alertsOn } from "./alerts";
import { type Layout, layoutOf } from "./diagram/layout";
import { type Diagram, diagramOf } from "./diagram/parts";

/** Connections of a diagram that is still read: with more, it is several pages wide and high. */
const MOST_CONNECTIONS = 200;

/** Everything that a report shows. */
export interface Contents {
  /** Date of the checks, `2026-11-28`. */
  readonly today: string;

  /** Names of the systems: usually one. */
  readonly systems: readonly string[];
  readonly environments: readonly Described[];
}

/** One environment in a report. */
export interface Described {
  readonly name: string;

  /** The summary of `npm start`. */
  readonly part: PartSummary;

  /** Settings as written. */
  readonly written: Environment;
  readonly system: System;
  readonly sites: readonly MeasuredSite[];
  readonly diagram: Diagram;

  /** @default - none: the diagram is too large to be read */
  readonly layout?: Layout;
  readonly traffic: Traffic;
  readonly alerts: readonly AlertRow[];
  readonly bill: readonly Billable[];

  /** Warnings of `npm start` about this environment. */
  readonly warnings: readonly Problem[];

  /** Stack of its AWS account, which is deployed before. */
  readonly bootstrap?: StackSummary;

  /** Quotas that all environments of its account need together. */
  readonly quotas: readonly QuotaNeed[];
}

interface Input {
  readonly program: Program;
  readonly synthesis: Synthesis;

  /** Names of the environments to show. */
  readonly names: readonly string[];
  readonly warnings: readonly Problem[];
  readonly today: string;

  /** Prints progress. @default - prints nothing */
  readonly tell?: (line: string) => void;
}

/** Gathers a report, with the functions of `npm start`. */
export async function contentsOf({ program, synthesis, names, warnings, today, tell }: Input): Promise<Contents> {
  const summary = summarize(program, synthesis, "cdktf.out");
  const needs = quotaNeeds(synthesis.stacks.values());
  const shown = program.environments.filter(({ name }) => names.includes(name));
  const environments: Described[] = [];
  for (const written of shown) {
    tell?.(`drawing ${written.name}, ${environments.length + 1} of ${shown.length}`);
    environments.push(await described(written, { summary, synthesis, needs, warnings }));
  }
  return { today, systems: [...new Set(shown.map(({ system }) => system))], environments };
}

interface Gathered extends Pick<Input, "synthesis" | "warnings"> {
  readonly summary: Summary;
  readonly needs: readonly QuotaNeed[];
}

async function described(written: Environment, { summary, synthesis, needs, warnings }: Gathered): Promise<Described> {
  const { name } = written;
  const system = deployedParts(asDomains(written));
  const part = partOf(summary, name);
  const account = system.aws?.account;
  const [bootstrap] = account ? (summary.parts.find((one) => one.name === bootstrapName(account))?.stacks ?? []) : [];
  const sites = synthesis.sites.filter(({ site }) => site.environment.name === name);
  const diagram = diagramOf(system);
  return {
    name,
    part,
    written,
    system,
    sites,
    diagram,
    ...(diagram.connections.length <= MOST_CONNECTIONS ? { layout: await layoutOf(diagram) } : {}),
    traffic: traffic(system),
    alerts: alertsOn(sites),
    bill: billables(
      part.stacks.flatMap(({ id }) => synthesis.stacks.get(id) ?? []),
      sites,
    ),
    warnings: warnings.filter(({ path }) => path.startsWith(`${name}.`)),
    quotas: needs.filter((need) => need.account === account),
    ...(bootstrap ? { bootstrap } : {}),
  };
}

function partOf({ parts }: Summary, name: string): PartSummary {
  const found = parts.find((part) => part.name === name);
  if (!found) throw new Error(`${name} was not synthesized`);
  return found;
}
