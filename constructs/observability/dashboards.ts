import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { literal } from "../core/templates";

/**
 * Sources of series that not every system has, each with the pattern of its names in queries. Series of Kubernetes, nodes, workloads and
 * HTTP requests exist on every cluster with Prometheus.
 */
const SOURCES = {
  /** Health of the system, recorded by rules. */
  health: /\bcqrs:/,
  /** Objectives of services, recorded by rules. */
  objectives: /\bservice:slo_/,
  /** Commands and events counted by the application. */
  commands: /\bkind="(command|event)"/,
  /** Queries counted by the application. */
  queries: /\bkind="query"|\bcqrs_query_/,
  /** Aggregates whose loading and saving the application measures. */
  aggregates: /\bservice:(aggregate_load|event_store_save)_/,
  readModels: /\b(read_model:|cqrs_projection_)/,
  kurrentdb: /\b((pod|store):)?kurrentdb_/,
  cloudNativePg: /\b(cnpg_|barman_cloud_|(pod|store|persistentvolumeclaim):postgres_)/,
  valkey: /\b(redis_|(pod|store):valkey_)/,
  nats: /\b((pod|store|consumer):)?nats_/,
  gateway: /\bnginx_/,
  probes: /\bprobe_/,
  certificates: /\bcertmanager_/,
  rds: /\baws_rds_/,
  elastiCache: /\baws_elasticache_/,
  networkLoadBalancer: /\baws_networkelb_/,
  natGateways: /\baws_natgateway_/,
  cloudFront: /\baws_cloudfront_/,
  awsBackup: /\baws_backup_/,
  drills: /\bcronjob:restore_drill_/,
  ebs: /\baws_ebs_csi_/,
} as const satisfies Record<string, RegExp>;

/** A source of series that not every system has. */
export type SeriesSource = keyof typeof SOURCES;

/** Domain that has a dashboard. */
export interface DashboardDomain {
  /** Name of the domain, as in its title. */
  readonly name: string;

  /** Namespace of its workloads. */
  readonly namespace: string;
}

/** Input that selects dashboards and panels. */
export interface DashboardSelection {
  /** Sources of series that exist here. Panels and dashboards without any series are left out. */
  readonly sources: readonly SeriesSource[];

  /**
   * Domains, each with a dashboard of its own.
   * @default - none
   */
  readonly domains?: readonly DashboardDomain[];

  /**
   * Adds links to traces, in the data source with uid `jaeger`.
   * @default false
   */
  readonly traces?: boolean;

  /**
   * Adds links to logs, in the data source with uid `elasticsearch`.
   * @default false
   */
  readonly logs?: boolean;
}

export interface DashboardsProps extends DashboardSelection {
  /** Namespace of the ConfigMaps. Grafana's sidecar has to watch it. */
  readonly namespace: string;

  /**
   * Folder in Grafana.
   * @default "CQRS"
   */
  readonly folder?: string;

  /**
   * Additional dashboards by name, as JSON texts.
   * @default - none
   */
  readonly more?: Readonly<Record<string, string>>;

  /** Resources that must exist first: the namespace. */
  readonly after?: readonly ITerraformDependable[];
}

/** Dashboards as ConfigMaps, one for each, which the sidecar of Grafana's chart loads. The data source has the uid `prometheus`. */
export class Dashboards extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: DashboardsProps) {
    super(scope, id);
    const { namespace, folder = "CQRS", more = {}, after = [] } = props;
    this.ready = [...dashboards(props), ...Object.entries(more)].map(
      ([name, json]) =>
        new ConfigMapV1(this, name, {
          metadata: {
            namespace,
            name: `dashboard-${name}`,
            labels: { grafana_dashboard: "1" },
            annotations: { grafana_folder: folder },
          },
          // Variables of Grafana look like templates of Terraform.
          data: { [`${name}.json`]: literal(json) },
          dependsOn: [...after],
        }),
    );
  }
}

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
  readonly fieldConfig?: {
    readonly defaults: { readonly links?: readonly Link[] };
    readonly overrides: readonly { readonly properties: readonly { readonly id: string; readonly value: unknown }[] }[];
  };
}

interface Link {
  readonly url: string;
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
}

const DIRECTORY = join(__dirname, "dashboards");
const TEMPLATE = "domain";
const COLUMNS = 24;

/** Main source of a dashboard. Without this source, the dashboard is left out. */
const SUBJECTS: Readonly<Record<string, SeriesSource>> = {
  slos: "objectives",
  "write-path": "commands",
  "read-path": "queries",
  projections: "readModels",
  kurrentdb: "kurrentdb",
  "cloud-native-pg": "cloudNativePg",
  "postgres-aws": "rds",
  valkey: "valkey",
  elasticache: "elastiCache",
  nats: "nats",
};

/** Grafana's maximum length of a uid. */
const UID_LENGTH = 40;

/** JSON of each dashboard with at least one panel, by name. */
export function dashboards({ sources, domains = [], traces = false, logs = false }: DashboardSelection): ReadonlyMap<string, string> {
  const files = readdirSync(DIRECTORY)
    .filter((file) => file.endsWith(".json"))
    .map((file) => ({ name: file.slice(0, -".json".length), text: readFileSync(join(DIRECTORY, file), "utf8") }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const common = files
    .filter(({ name }) => {
      const subject = SUBJECTS[name];
      return name !== TEMPLATE && (subject === undefined || sources.includes(subject));
    })
    .map(({ name, text }) => [name, JSON.parse(text) as Dashboard] as const);
  const template = files.find(({ name }) => name === TEMPLATE)?.text ?? "";
  const own = domains.map((domain) => [`${TEMPLATE}-${domain.name}`, ofDomain(template, domain)] as const);
  const kept = [...common, ...own]
    .map(([name, dashboard]) => [name, { ...dashboard, panels: flow(withSeries(dashboard.panels, sources)) }] as const)
    .filter(([, { panels }]) => panels.length > 0);
  const uids = new Set(kept.map(([, { uid }]) => uid));
  const leads = ({ url }: Link) => {
    const uid = /^\/d\/([\w-]+)/.exec(url)?.[1];
    if (uid !== undefined) return uids.has(uid);
    return (traces || !url.includes(explored("jaeger"))) && (logs || !url.includes(explored("elasticsearch")));
  };
  return new Map(
    kept.map(([name, dashboard]) => [
      name,
      JSON.stringify({ ...dashboard, panels: dashboard.panels.map((panel) => linked(panel, leads)) }),
    ]),
  );
}

function ofDomain(template: string, { name, namespace }: DashboardDomain): Dashboard {
  const dashboard = JSON.parse(template.replaceAll("__DOMAIN__", name).replaceAll("__NAMESPACE__", namespace)) as Dashboard;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return dashboard.uid.length <= UID_LENGTH ? dashboard : { ...dashboard, uid: `${dashboard.uid.slice(0, UID_LENGTH - 9)}-${hash}` };
}

/** Panels with exported series. A chart drops single queries; a table needs all its columns. */
function withSeries(panels: readonly Panel[], sources: readonly SeriesSource[]): readonly Panel[] {
  const missing = Object.entries(SOURCES).flatMap(([source, pattern]) => (sources.includes(source as SeriesSource) ? [] : [pattern]));
  const exported = ({ expr }: { readonly expr: string }) => !missing.some((pattern) => pattern.test(expr));
  return panels.flatMap((panel) => {
    if (!panel.targets) return [panel];
    const targets = panel.targets.filter(exported);
    const complete = targets.length === panel.targets.length;
    if (targets.length === 0 || (panel.type === "table" && !complete)) return [];
    return [{ ...panel, targets }];
  });
}

/** Closes gaps: removes rows without panels, stretches the remaining panels of a line to its whole width, and moves the rest up. */
function flow(panels: readonly Panel[]): readonly Panel[] {
  const lines: Panel[][] = [];
  for (const panel of panels) {
    const line = lines.at(-1);
    if (line && line[0]?.gridPos.y === panel.gridPos.y) line.push(panel);
    else lines.push([panel]);
  }
  const isRow = (line: readonly Panel[] | undefined) => line?.[0]?.type === "row";
  const kept = lines.filter((line, index) => !isRow(line) || (index + 1 < lines.length && !isRow(lines[index + 1])));
  let y = 0;
  return kept.flatMap((line) => {
    const all = line.reduce((sum, { gridPos }) => sum + gridPos.w, 0);
    let x = 0;
    const placed = line.map((panel, index) => {
      const w = index === line.length - 1 ? COLUMNS - x : Math.floor((panel.gridPos.w * COLUMNS) / all);
      const gridPos = { ...panel.gridPos, x, y, w };
      x += w;
      return { ...panel, gridPos };
    });
    y += Math.max(...line.map(({ gridPos }) => gridPos.h));
    return placed;
  });
}

function linked(panel: Panel, leads: (link: Link) => boolean): Panel {
  if (!panel.fieldConfig) return panel;
  const { defaults, overrides } = panel.fieldConfig;
  return {
    ...panel,
    fieldConfig: {
      ...panel.fieldConfig,
      defaults: defaults.links ? { ...defaults, links: defaults.links.filter(leads) } : defaults,
      overrides: overrides.map((override) => ({
        ...override,
        properties: override.properties.map((property) =>
          property.id === "links" ? { ...property, value: (property.value as readonly Link[]).filter(leads) } : property,
        ),
      })),
    },
  };
}

function explored(uid: string): string {
  return encodeURIComponent(`"datasource":"${uid}"`);
}
