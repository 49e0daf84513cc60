import { deployRoleArns } from "../../../constructs/bootstrap";
import type { ClusterAccess } from "../../../constructs/cluster";
import { overlap, parseBlock } from "../../../constructs/network";
import { type DraftProgram, excepted, type ProgramFinding } from "../check/drafts";
import { EXISTING_PARTS } from "../cluster";
import { accountRegions } from "../derive/account-regions";
import { partsOf } from "../derive/platform-parts";
import { DEFAULT_CIDR } from "../place";
import { engineOf } from "../stores";
import { subjectKeysAreShared } from "./audit";
import { contextOf } from "./clusters";
import { edgesBesideEachOther } from "./edges";
import { globalDatabasesHaveTwoRegions } from "./global-databases";
import { drafts } from "./nodes";
import { ownNetwork } from "./place";
import { restoresAreFeasible } from "./restores";
import { standbysBesidePrimaries } from "./standby";

/** Rules between environments. */
export const programRules: readonly ((program: DraftProgram) => readonly ProgramFinding[])[] = [
  accountsAreKnown,
  lostRegionsAreUsed,
  namesAreApart,
  networksAreApart,
  vendorNetworksAreApart,
  clustersAreApart,
  componentsAreInstalledOnce,
  nodesAreDescribedAlike,
  domainsAreApart,
  ...standbysBesidePrimaries,
  globalDatabasesHaveTwoRegions,
  restoresAreFeasible,
  subjectKeysAreShared,
  ...edgesBesideEachOther,
  pipelinesHaveTheirAccess,
  clustersHaveAdministrators,
  runnersHaveARepository,
];

export function accountsAreKnown({ accounts, environments }: DraftProgram): ProgramFinding[] {
  const found: ProgramFinding[] = accounts.flatMap(({ id }, index) =>
    id !== undefined && accounts.findIndex((account) => account.id === id) < index
      ? [{ root: `accounts[${index}]`, keys: ["id"], value: id, rule: "is named twice", remedy: "keep one of the two" }]
      : [],
  );
  for (const { name, system, aws } of environments) {
    if (!name || !aws?.account) continue;
    const account = accounts.find(({ id }) => id === aws.account);
    const keys = ["aws", "account"];
    if (!account)
      found.push({
        root: name,
        keys,
        value: aws.account,
        rule: "is not an account of this program, so there is no bucket for its state",
        remedy: "add it to environments/accounts.ts",
      });
    else if (account.system !== undefined && system !== undefined && account.system !== system) {
      found.push({
        root: name,
        keys,
        value: aws.account,
        rule: `keeps the state of the system ${account.system}`,
        remedy: `use an account of ${system}`,
      });
    }
  }
  return found;
}

/** Reserved words: they take the place of an environment's name in names of stacks, deploy roles and the state bucket. */
export const RESERVED = ["bootstrap", "deploy", "plan", "terraform"];

export function namesAreApart({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ name }, index): ProgramFinding[] => {
    if (!name) return [];
    if (RESERVED.includes(name) || name.startsWith("bootstrap-"))
      return [
        {
          root: name,
          keys: ["name"],
          value: name,
          rule: "has another meaning in names of stacks, roles and buckets",
          remedy: "choose another",
        },
      ];
    if (environments.findIndex((other) => other.name === name) < index) {
      return [{ root: name, keys: ["name"], value: name, rule: "is the name of another environment", remedy: "choose another" }];
    }
    const shorter = environments.find((other) => other.name && name.startsWith(`${other.name}-`))?.name;
    if (!shorter) return [];
    return [
      {
        root: name,
        keys: ["name"],
        value: name,
        rule: `begins with ${shorter}-, so that deploying '${shorter}-*' would deploy it too`,
        remedy: "choose a name that begins otherwise",
      },
    ];
  });
}

export function networksAreApart({ environments }: DraftProgram): ProgramFinding[] {
  const networks = environments.flatMap(({ name, aws, exceptions }) => {
    const own = ownNetwork(aws);
    const cidr = own?.cidr ?? DEFAULT_CIDR;
    const block = own && parseBlock(cidr);
    return name && block ? [{ name, cidr, block, alone: excepted(exceptions, "overlappingNetwork") }] : [];
  });
  return networks.flatMap(({ name, cidr, block, alone }, index): ProgramFinding[] => {
    const other = networks.find(
      (network, before) => before !== index && overlap(network.block, block) && (alone || (before < index && !network.alone)),
    );
    if (alone)
      return other ? [] : [{ root: name, keys: ["exceptions", "overlappingNetwork"], rule: "excepts nothing here", remedy: "remove it" }];
    if (!other) return [];
    return [
      {
        root: name,
        keys: ["aws", "network", "cidr"],
        value: cidr,
        rule: `overlaps ${other.cidr} of ${other.name}, so that the two can never be joined`,
        remedy: "give one of them other addresses, or say in exceptions.overlappingNetwork why they never will be",
      },
    ];
  });
}

/**
 * Vendor networks may have equal addresses, because each is visible from one VPC only. They must not overlap with another
 * environment's network, which may be peered with this one.
 */
export function vendorNetworksAreApart({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ name, stores }): ProgramFinding[] => {
    if (!name) return [];
    return stores.flatMap((store): ProgramFinding[] => {
      const cidr = engineOf(store)?.vendorNetwork?.(store.settings);
      const block = cidr === undefined ? undefined : parseBlock(cidr);
      const other = environments.find(({ name: another, aws }) => {
        const own = another === name ? undefined : ownNetwork(aws);
        const theirs = own && parseBlock(own.cidr ?? DEFAULT_CIDR);
        return block && theirs && overlap(theirs, block);
      });
      if (!other) return [];
      return [
        {
          root: name,
          keys: [...store.keys, "network", "cidr"],
          value: cidr,
          rule: `overlaps ${ownNetwork(other.aws)?.cidr ?? DEFAULT_CIDR} of ${other.name}, so that the two can never be joined`,
          remedy: "use other addresses",
        },
      ];
    });
  });
}

/** Existing clusters of all environments. */
function existingClusters({ environments }: DraftProgram) {
  return environments.flatMap((environment) =>
    (["cluster", "writeCluster", "readCluster"] as const).flatMap((key) => {
      const { name, [key]: cluster } = environment;
      const place = contextOf(cluster);
      if (!name || !place || !cluster) return [];
      return [{ environment, name, key, cluster, shared: "shared" in cluster && cluster.shared === true, ...place }];
    }),
  );
}

/** Resources of environments have the same names in a cluster, unless the environments share the cluster. */
export function clustersAreApart(program: DraftProgram): ProgramFinding[] {
  const found = existingClusters(program);
  return found.flatMap(({ name, key, id, context, shared }, index): ProgramFinding[] => {
    const other = found.slice(0, index).find((before) => before.id === id && before.name !== name && !(before.shared && shared));
    if (!other) return [];
    return [
      {
        root: name,
        keys: [key, "context"],
        value: context,
        rule: `is also a cluster of ${other.name}, and their namespaces have the same names`,
        remedy: "give each environment a separate cluster, or set shared in all of them",
      },
    ];
  });
}

/** Components of the platform have the same names in a shared cluster, so one environment installs each of them. */
export function componentsAreInstalledOnce(program: DraftProgram): ProgramFinding[] {
  const found = existingClusters(program)
    .filter(({ shared }) => shared)
    .map((each) => ({ ...each, parts: partsOf(each as Parameters<typeof partsOf>[0]) }));
  return found.flatMap(({ name, key, id, cluster, parts }, index): ProgramFinding[] => {
    const others = found.slice(0, index).filter((before) => before.id === id && before.name !== name);
    const twice = EXISTING_PARTS.filter((part) => parts.has(part) && others.some((other) => other.parts.has(part)));
    if (twice.length === 0) return [];
    const { preinstalled = [] } = cluster as { readonly preinstalled?: readonly string[] };
    return [
      {
        root: name,
        keys: [key, "preinstalled"],
        rule: `leaves out ${twice.join(", ")}, which another environment installs on the same cluster`,
        remedy: `write ${JSON.stringify([...preinstalled, ...twice])}, and deploy ${others[0]?.name} first`,
      },
    ];
  });
}

/** A cluster that environments share has one capacity. */
export function nodesAreDescribedAlike(program: DraftProgram): ProgramFinding[] {
  const found = existingClusters(program).flatMap(({ cluster, ...one }) => {
    const { allocatable } = cluster as { readonly allocatable?: object };
    return allocatable ? [{ ...one, allocatable: JSON.stringify(allocatable) }] : [];
  });
  return found.flatMap(({ name, key, id, allocatable }, index): ProgramFinding[] => {
    const other = found.slice(0, index).find((before) => before.id === id && before.allocatable !== allocatable);
    if (!other) return [];
    const rule = `differs from that of ${other.name}, which is on the same cluster`;
    return [{ root: name, keys: [key, "allocatable"], rule, remedy: "write the same in both" }];
  });
}

/** Endpoints of environments have the same names below their domains, and one zone serves each domain. */
export function domainsAreApart({ environments }: DraftProgram): ProgramFinding[] {
  const found = environments.flatMap(({ name, aws }) => (name && aws?.domain ? [{ name, domain: aws.domain }] : []));
  return found.flatMap(({ name, domain }, index): ProgramFinding[] => {
    const other = found.slice(0, index).find((before) => before.domain === domain && before.name !== name);
    if (!other) return [];
    const rule = `is the domain of ${other.name} as well`;
    return [{ root: name, keys: ["aws", "domain"], value: domain, rule, remedy: "give each environment a separate domain" }];
  });
}

/** The bootstrap leaves out what it would create there, and must store its state elsewhere. */
export function lostRegionsAreUsed({ accounts, environments }: DraftProgram): ProgramFinding[] {
  return accounts.flatMap(({ id = "", region, lostRegions = [] }, index) =>
    lostRegions.flatMap((value, at): ProgramFinding[] => {
      if (value === undefined) return [];
      const finding = { root: `accounts[${index}]`, keys: ["lostRegions", String(at)], value };
      if (value === region) {
        const rule = "can't be lost: it is the region of the Terraform state";
        return [{ ...finding, rule, remedy: `set region of the account to another one, or remove ${value} here` }];
      }
      if (accountRegions(id, environments).includes(value)) return [];
      return [{ ...finding, rule: "must be a region of an environment in the account, or of its copies", remedy: "remove it" }];
    }),
  );
}

/** EKS creates an access entry for each listed principal. Here it creates no others, not even for the cluster's creator. */
export function clustersHaveAdministrators({ accounts, environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((environment): ProgramFinding[] => {
    const { name, aws, access } = environment;
    const account = accounts.find(({ id }) => id !== undefined && id === aws?.account);
    if (!name || !account || account.github || access?.administrators?.length || drafts(environment).length === 0) return [];
    return [
      {
        root: name,
        keys: ["access", "administrators"],
        rule: `must name an IAM role or user: account ${account.id} has no deploy roles, so no principal could administer the cluster`,
        remedy: "add the ARN of the role that applies, like arn:aws:iam::111122223333:role/platform, or set github on the account",
      },
    ];
  });
}

/** Runners take jobs of the account's repository. */
export function runnersHaveARepository({ accounts, environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ name, aws }): ProgramFinding[] => {
    const account = accounts.find(({ id }) => id !== undefined && id === aws?.account);
    if (!name || !aws?.runners || !account || account.github) return [];
    return [
      {
        root: name,
        keys: ["aws", "runners"],
        rule: `must have a repository that queues jobs, and account ${account.id} has no github`,
        remedy: "set github on the account",
      },
    ];
  });
}

/** The pipeline's roles must not be listed manually: an environment without a pipeline would keep them. */
export function pipelinesHaveTheirAccess({ accounts, environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ system, name, aws, access }): ProgramFinding[] => {
    const account = accounts.find(({ id, github }) => github && id !== undefined && id === aws?.account);
    if (!account?.id || !system || !name || !access) return [];
    const own = Object.values(deployRoleArns(system, account.id, name));
    const named = Object.entries(access as ClusterAccess).flatMap(([role, principals]) =>
      (principals as readonly string[]).filter((arn) => own.includes(arn)).map((arn) => [role, arn] as const),
    );
    return named.map(([role, value]) => ({
      root: name,
      keys: ["access", role],
      value,
      rule: "is a role of the pipeline, which has access automatically",
      remedy: "leave it out",
    }));
  });
}
