import { join } from "node:path";
import { styleText } from "node:util";
import {
  asDomains,
  type BackupRow,
  backupTable,
  clientsOf,
  clustersIn,
  deployedParts,
  EXCEPTIONS,
  type Exceptions,
  endpointsOf,
  type Ineffective,
  ineffective,
  isTight,
  type KeptState,
  type MonitoringOverview,
  monitoringOf,
  otherState,
  type Program,
  type QuotaNeed,
  quotaNeeds,
  resolvedStores,
  type Synthesis,
  type System,
  type WorkloadOverview,
  workloadsOf,
} from "../stacks";
import { CLUSTER_NAMES } from "../stacks/model/derive/clusters";
import { commandLine } from "./command-line";
import { hanging, WORDS } from "./lines";

/** Result of a synthesis, as data. */
export interface Summary {
  readonly outdir: string;
  readonly parts: readonly PartSummary[];
}

/** One account or environment of it. */
export interface PartSummary {
  readonly name: string;
  readonly kind: "account" | "environment";

  /** Location: `eu-west-1, copies of backups in eu-central-1, account 111122223333`. */
  readonly place: string;

  /** In the order in which they are deployed. */
  readonly stacks: readonly StackSummary[];

  /** Resource requests of required pods, for each cluster. */
  readonly capacity: readonly { readonly cluster: string; readonly asked: string }[];

  /** The clusters that are made here: their version, and what happens when its support ends. */
  readonly clusters: readonly { readonly cluster: string; readonly version: string; readonly support: string }[];

  /** Its stores, with everything that follows from their sizes. */
  readonly stores: readonly { readonly store: string; readonly settings: string }[];

  /** Every store and volume that keeps data, with what backs it up. */
  readonly backups: readonly BackupRow[];

  /** State outside of stores, and how it is kept. */
  readonly otherState: readonly KeptState[];

  /** Monitoring, and the receivers of alerts. */
  readonly monitoring: readonly MonitoringOverview[];

  /** Workloads and their versions. */
  readonly workloads: readonly WorkloadOverview[];

  /** Public endpoints. */
  readonly publicEndpoints: readonly { readonly name: string; readonly answers: string }[];

  /** Exceptions from secure defaults, with reasons. */
  readonly exceptions: readonly { readonly name: string; readonly weaker: string; readonly reason: string }[];

  /** Settings that promise more than is made, or that apply to nothing here. */
  readonly ineffective: readonly Ineffective[];

  /**
   * Quotas that the account needs for all environments of the program in it, and their defaults. Empty if
   * only a part of the program was synthesized.
   */
  readonly quotas: readonly QuotaNeed[];

  /** The command that comes next. */
  readonly next?: string;
}

export interface StackSummary {
  readonly id: string;
  readonly resources: number;
  readonly after: readonly string[];
  readonly directory: string;
}

/** Gathers what a person wants to know about a synthesis. */
export function summarize(program: Program, { compositions, stacks, sites }: Synthesis, outdir: string): Summary {
  const needs = quotaNeeds(stacks.values());
  const parts = compositions.map(({ name, stacks: made }): PartSummary => {
    const found = program.environments.find((candidate) => candidate.name === name);
    const environment = found && asDomains(found);
    const deployed = environment && deployedParts(environment);
    const account = program.accounts.find(({ id }) => name.endsWith(id));
    return {
      name,
      kind: environment ? "environment" : "account",
      place: environment ? placeOf(environment) : `state in ${account?.region}`,
      stacks: made.map((stack) => ({
        id: stack.node.id,
        resources: count(stacks.get(stack.node.id)?.json),
        after: stack.dependencies.map((dependency) => dependency.node.id),
        directory: join(outdir, "stacks", stack.node.id),
      })),
      capacity: sites
        .filter(({ site }) => site.environment.name === name)
        .map(({ site, headroom }) => ({ cluster: CLUSTER_NAMES[site.key], asked: headroom })),
      clusters: environment ? clustersIn(environment) : [],
      stores: deployed ? storesOf(deployed) : [],
      backups: deployed ? backupTable(deployed) : [],
      otherState: otherState(made.flatMap((stack) => stacks.get(stack.node.id) ?? [])),
      monitoring: environment ? monitoringOf(environment) : [],
      workloads: deployed ? workloadsOf(deployed) : [],
      publicEndpoints: deployed ? endpointsOf(deployed) : [],
      exceptions: exceptionsOf(environment?.exceptions ?? {}),
      ineffective: environment ? ineffective(environment) : [],
      quotas: account && !environment ? needs.filter((need) => need.account === account.id) : [],
      ...(made.length > 0
        ? { next: environment ? commandLine("apply", [name]) : commandLine("bootstrap", account ? [account.id] : []) }
        : {}),
    };
  });
  return { outdir, parts };
}

/** The summary for a person. */
export function print({ outdir, parts }: Summary, colours: boolean): string {
  const paint = (style: "bold" | "yellow" | "dim" | "cyan", text: string) => (colours ? styleText(style, text) : text);
  const lines = parts.flatMap((part) => {
    const width = Math.max(0, ...part.stacks.map(({ id }) => id.length));
    const places = String(part.stacks.length).length;
    const stacks = part.stacks.flatMap(({ id, resources, after }, index) => {
      const stack = `  ${String(index + 1).padStart(places)}. ${id.padEnd(width)} ${String(resources).padStart(5)} resources`;
      if (after.length === 0) return [stack];
      return hanging(`${stack}   `, `after ${upstreamOf(part, after).join(", ")}`, (text) => paint("dim", text));
    });
    const tables = [
      table(
        "capacity",
        part.capacity.map(({ cluster, asked }) => [cluster, asked]),
      ),
      table(
        "clusters",
        part.clusters.map(({ cluster, version, support }) => [cluster, version, support]),
      ),
      table(
        "stores",
        part.stores.map(({ store, settings }) => [store, settings]),
      ),
      table(
        "backups",
        part.backups.map(({ part: of, how, often, kept, where, locked, loss, restore, alert, drill }) => [
          of,
          [how, often, kept, where, locked, loss, restore, alert, drill].filter(Boolean).join(", "),
        ]),
      ),
      table(
        "other state",
        part.otherState.map(({ what, kept }) => [what, kept]),
      ),
      table(
        "monitoring",
        part.monitoring.map(({ what, how }) => [what, how]),
      ),
      table(
        "workloads",
        part.workloads.map(({ path, instances, versions }) => [path, instances, versions]),
      ),
      table(
        `quotas to look at (all of them: ${commandLine("start", ["--json"])})`,
        part.quotas
          .filter(isTight)
          .map(({ region, quota, code, needed, default: given }) => [
            needed > given ? "!" : " ",
            region,
            String(needed),
            quota,
            `${given} by default`,
            code,
          ]),
      ),
      table(
        "public endpoints",
        part.publicEndpoints.map(({ name, answers }) => [name, answers]),
      ),
    ];
    const names = Math.max(0, ...part.exceptions.map(({ name }) => name.length));
    const weaker = part.exceptions.flatMap(({ name, weaker: what, reason }) => {
      const [first = "", ...others] = hanging(`    ${name.padEnd(names)}  `, what, undefined, WORDS);
      return [
        first.replace(name, paint("yellow", name)),
        ...others,
        ...hanging(" ".repeat(names + 6), `because: ${reason}`, (text) => paint("dim", text), WORDS),
      ];
    });
    return [
      `${paint("bold", part.name)}  ${paint("dim", part.place)}`,
      ...(stacks.length > 0 ? stacks : ["  no stacks yet"]),
      ...tables.flat(),
      ...(weaker.length > 0 ? ["  exceptions:", ...weaker] : []),
      ...table(
        "configured without effect",
        part.ineffective.map(({ setting, why }) => [setting, why]),
      ),
      ...(part.next ? [`  next: ${paint("cyan", part.next)}`] : []),
      "",
    ];
  });
  const total = parts.flatMap(({ stacks }) => stacks);
  const resources = total.reduce((sum, stack) => sum + stack.resources, 0);
  lines.push(`${total.length} stacks with ${resources} resources are in ${outdir}/stacks, ready for cdktf, terraform and tofu.`, "");
  return lines.join("\n");
}

/** Stacks without the name of their environment: `keys, network`. */
export function upstreamOf({ name }: Pick<PartSummary, "name">, stacks: readonly string[]): readonly string[] {
  return stacks.map((id) => (id.startsWith(`${name}-`) ? id.slice(name.length + 1) : id));
}

/** Rows below a title, each column but the last as wide as its widest; nothing where there are none. */
function table(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.flatMap((row) => {
    const before = row.slice(0, -1).map((cell, column) => `${cell.padEnd(widths[column] ?? 0)}  `);
    return hanging(`    ${before.join("")}`, row.at(-1) ?? "");
  });
  return lines.length > 0 ? [`  ${title}:`, ...lines] : [];
}

function placeOf(environment: System): string {
  const { aws, cluster } = environment;
  if (!aws) return cluster && "context" in cluster ? `on ${cluster.context}, without a cloud` : "without a cloud";
  const copied = backupTable(environment).some(({ where }) => where.includes(", copied to "));
  const copies = copied ? `, copies of backups in ${aws.recoveryRegion}` : "";
  return `${aws.region}${copies}, account ${aws.account}`;
}

function storesOf(environment: System): PartSummary["stores"] {
  const clients = clientsOf(environment);
  return resolvedStores(environment).map(({ name, settings, limit }) => {
    const by = clients.get(name) ?? limit;
    return { store: name, settings: by ? `${settings}; ${by}` : settings };
  });
}

function exceptionsOf(exceptions: Exceptions): PartSummary["exceptions"] {
  return Object.entries(exceptions).flatMap(([name, given]) => {
    const weaker = EXCEPTIONS[name as keyof typeof EXCEPTIONS];
    if (typeof given === "string") return [{ name, weaker, reason: given }];
    return Object.entries(given).map(([part, reason]) => ({ name: `${name} ${part}`, weaker, reason }));
  });
}

function count(json: Readonly<Record<string, unknown>> | undefined): number {
  return Object.values((json?.resource ?? {}) as Record<string, object>).reduce((sum, named) => sum + Object.keys(named).length, 0);
}
