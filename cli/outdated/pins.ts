import { readFileSync } from "node:fs";
import {
  CHARTS,
  type ChartName,
  ELASTIC,
  ELASTICACHE_VALKEY,
  EVENT_SOURCING_DB,
  KURRENT_CLOUD_VERSIONS,
  KURRENTDB,
  PGBOUNCER,
  POSTGRES,
  TOOLS,
} from "../../constructs/core/versions";
import { asDomains, type Environment, type Synthesis } from "../../stacks";
import { supportedVersions } from "../../stacks/model/support";
import { CHART_CHANGES, IMAGE_CHANGES, OTHER_CHANGES } from "./changes";

/** A version that an environment uses. */
export interface Pin {
  readonly kind: Kind;
  readonly name: string;
  readonly current: string;
  readonly source: Source;

  /** Page that lists what changes. */
  readonly changes: string;

  /** End of support, if it is known. */
  readonly support?: string;
}

export type Kind = "package" | "Kubernetes" | "node image" | "add-on" | "provider" | "chart" | "image" | "engine";

/** Registries that publish versions. */
export type Source =
  | { readonly in: "helm"; readonly repository: string; readonly chart: string }
  | { readonly in: "oci"; readonly host: string; readonly repository: string }
  | { readonly in: "terraform"; readonly provider: string }
  | { readonly in: "npm"; readonly name: string }
  | { readonly in: "eks"; readonly region: string }
  | { readonly in: "eks add-ons"; readonly addon: string; readonly kubernetes: string; readonly region: string }
  | { readonly in: "eks node images"; readonly kubernetes: string; readonly architecture: string; readonly region: string }
  /** Versions that this release of the platform supports. */
  | { readonly in: "platform"; readonly versions: readonly string[] };

type Json = Readonly<Record<string, unknown>>;

/** Everything with a version in the stacks of an environment, except the images of its workloads, which are released by themselves. */
export function pinsOf(environment: Environment, { compositions, stacks, sites }: Synthesis, lock: string): readonly Pin[] {
  const ids = compositions.filter(({ name }) => name === environment.name).flatMap((each) => each.stacks.map(({ node }) => node.id));
  const all = ids.flatMap((id): readonly Json[] => [stacks.get(id)?.json ?? {}]);
  const releases = sites.filter(({ site }) => site.environment.name === environment.name).flatMap((site) => site.releases);
  const region = environment.aws?.region ?? "";
  return [
    ...all.flatMap((json) => ofEks(json, region)),
    ...engines(environment, all, region),
    ...providers(all, readFileSync(lock, "utf8")),
    ...releases.flatMap(({ chart, repository, version }) => (version ? chartPin(chart, repository ?? "", version) : [])),
    ...images(JSON.stringify(all)),
  ];
}

function chartPin(chart: string, from: string, current: string): readonly Pin[] {
  const known = Object.hasOwn(CHARTS, chart) ? (chart as ChartName) : undefined;
  // The stacks name the mirror, if there is one, which has only the versions in use.
  const repository = known ? CHARTS[known].repository : from;
  const [, host, path] = /^oci:\/\/([^/]+)\/?(.*)$/.exec(repository) ?? [];
  const source: Source = host ? { in: "oci", host, repository: [path, chart].join("/") } : { in: "helm", repository, chart };
  return [{ kind: "chart", name: chart, current, source, changes: known ? CHART_CHANGES[known] : repository }];
}

/** All images that the platform pins. */
export const IMAGES: readonly string[] = [
  ...Object.values(TOOLS),
  ...Object.values(KURRENTDB),
  ...Object.values(POSTGRES).map(({ image }) => image),
  ELASTIC.elasticsearch,
  ELASTIC.kibana,
  EVENT_SOURCING_DB,
  PGBOUNCER,
];

function images(text: string): readonly Pin[] {
  return IMAGES.flatMap((image): readonly Pin[] => {
    const [, host = "", repository = "", tag = ""] = /^([^/]+)\/(.+?):([^@]+)/.exec(image) ?? [];
    // In a mirror, an image has the same path.
    if (!text.includes(image.slice(host.length))) return [];
    return [
      {
        kind: "image",
        name: repository,
        current: tag,
        source: { in: "oci", host, repository },
        changes: IMAGE_CHANGES[repository] ?? host,
      },
    ];
  });
}

interface NodeGroup {
  readonly release_version: string;
  readonly version: string;
  readonly ami_type: string;
}

function ofEks(json: Json, region: string): readonly Pin[] {
  const addons = resources<{ readonly addon_name: string; readonly addon_version: string }>(json, "aws_eks_addon");
  const [{ version: kubernetes } = { version: "" }] = resources<{ readonly version: string }>(json, "aws_eks_cluster");
  return [
    ...addons.map(({ addon_name: addon, addon_version: current }): Pin => {
      const source = { in: "eks add-ons", addon, kubernetes, region } as const;
      return { kind: "add-on", name: `${addon} on ${kubernetes}`, current, source, changes: OTHER_CHANGES.addon };
    }),
    ...resources<NodeGroup>(json, "aws_eks_node_group").map(({ release_version: current, version, ami_type }): Pin => {
      const architecture = ami_type.includes("ARM_64") ? "arm64" : "x86_64";
      const source = { in: "eks node images", kubernetes: version, architecture, region } as const;
      return { kind: "node image", name: `EKS ${version}, ${architecture}`, current, source, changes: OTHER_CHANGES.nodeImage };
    }),
  ];
}

function engines(environment: Environment, all: readonly Json[], region: string): readonly Pin[] {
  const valkey = all.flatMap((json) => resources<{ readonly engine_version: string }>(json, "aws_elasticache_replication_group"));
  const kurrent = all.flatMap((json) => resources<{ readonly server_version: string }>(json, "kurrentcloud_managed_cluster"));
  return [
    ...supportedVersions(asDomains(environment)).map(({ version, support }): Pin => {
      const [name = "", current = ""] = version.split(" ");
      return name === "Kubernetes"
        ? { kind: "Kubernetes", name: "EKS", current, source: { in: "eks", region }, changes: OTHER_CHANGES.kubernetes, support }
        : engine(name, current, Object.keys(POSTGRES), OTHER_CHANGES.postgres, support);
    }),
    ...valkey.map(({ engine_version: current }) =>
      engine("ElastiCache for Valkey", current, Object.keys(ELASTICACHE_VALKEY), OTHER_CHANGES.valkey),
    ),
    ...kurrent.map(({ server_version: current }) => engine("Kurrent Cloud", current, KURRENT_CLOUD_VERSIONS, OTHER_CHANGES.kurrentCloud)),
  ];
}

function engine(name: string, current: string, versions: readonly string[], changes: string, support?: string): Pin {
  return { kind: "engine", name, current, source: { in: "platform", versions }, changes, ...(support ? { support } : {}) };
}

/** Providers with the exact version of the lock file, or their range if it has none. */
function providers(all: readonly Json[], lock: string): readonly Pin[] {
  const locked = new Map(
    [...lock.matchAll(/provider "[^"/]+\/([^"]+)" \{\s+version\s+= "([^"]+)"/g)].map(([, name, version]) => [name, version]),
  );
  return all.flatMap((json) => {
    const { required_providers: required = {} } = (json.terraform ?? {}) as {
      readonly required_providers?: Readonly<Record<string, Required>>;
    };
    return Object.values(required).map(({ source, version }): Pin => {
      const provider = source.includes("/") ? source : `hashicorp/${source}`;
      const [owner, name] = provider.split("/");
      const changes = `https://github.com/${owner}/terraform-provider-${name}/releases`;
      return { kind: "provider", name: provider, current: locked.get(provider) ?? version, source: { in: "terraform", provider }, changes };
    });
  });
}

interface Required {
  readonly source: string;
  readonly version: string;
}

function resources<T>(json: Json, type: string): readonly T[] {
  const all = (json.resource ?? {}) as Readonly<Record<string, Readonly<Record<string, T>>>>;
  return Object.values(all[type] ?? {});
}
