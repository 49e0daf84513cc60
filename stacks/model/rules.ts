import { podsOn } from "../../constructs/cluster";
import type { Problem } from "../../constructs/core/errors";
import { type Cores, known, millicores } from "../../constructs/core/quantities";
import { MOST_TAGS, tagProblem } from "../../constructs/core/tags";
import { DEFAULT_KURRENT_CLOUD } from "../../constructs/core/versions";
import { kurrentCloudBackupProblems, kurrentCloudNetworkProblems, kurrentDbSize } from "../../constructs/event-store";
import { blocksFor, defaultZones, NETWORK_PREFIX, overlap, parseBlock, podBlocks, type Region } from "../../constructs/network";
import { losesEvents } from "./acknowledged-events";
import { backupRules } from "./backup-rules";
import { clusterRules, clustersHaveAdministrators, pipelinesHaveTheirAccess } from "./cluster-rules";
import { edgeRules, edgesBesideEachOther } from "./edge-rules";
import {
  type Environment,
  type EXCEPTIONS,
  type ExistingNetwork,
  kurrentCloudCidr,
  type OwnNetwork,
  type Program,
  type Replicas,
  readDatabaseName,
} from "./environment";
import { DEFAULT_CIDR } from "../cloud/network";
import { each, step } from "./check/paths";
import { WORKLOADS } from "./release";
import { releaseRules } from "./release-rules";
import { NAMED, namesAreFree } from "./reserved-names";
import { storeBackups } from "./derive/store-backups";
import { storeRules } from "./store-rules";
import { workloadRules } from "./workload-rules";

/** What remains of a value when everything of a wrong shape is taken out. */
export type Draft<T> = T extends object ? { readonly [Key in keyof T]?: Draft<T[Key]> } : T;

/** A problem at a path of keys below an environment. */
export type Finding = Omit<Problem, "path"> & { readonly keys: readonly string[] };

export type DraftEnvironment = Draft<Environment>;
export type Rule = (environment: DraftEnvironment) => readonly Finding[];

/** What must hold between the values of one environment. */
export const environmentRules: readonly Rule[] = [
  clustersAreEitherOneOrTwo,
  sidesHaveClustersOfTheirOwn,
  awsIsThereForWhatNeedsIt,
  sidesAreWhole,
  rolesHaveNames,
  namesAreFree,
  scalingHasRoom,
  eventStoreHasQuorum,
  kurrentCloudCanBeMade,
  ...storeRules,
  ...releaseRules,
  ...workloadRules,
  ...edgeRules,
  ...clusterRules,
  ...backupRules,
  regionsAreTwo,
  zonesAreEnough,
  addressesAreEnough,
  existingSubnetsMatch,
  tagsAreAllowed,
  exceptionsExceptSomething,
];

function clustersAreEitherOneOrTwo({ cluster, writeCluster, readCluster }: DraftEnvironment): Finding[] {
  if (cluster && (writeCluster || readCluster)) {
    return [{ keys: ["cluster"], rule: "stands beside writeCluster or readCluster", remedy: "keep either the one cluster or the two" }];
  }
  const [has, lacks] =
    writeCluster && !readCluster ? ["writeCluster", "readCluster"] : !writeCluster && readCluster ? ["readCluster", "writeCluster"] : [];
  return has && lacks ? [{ keys: [lacks], rule: `is missing beside ${has}`, remedy: `add it, or write one cluster for both` }] : [];
}

function sidesHaveClustersOfTheirOwn({ writeCluster, readCluster }: DraftEnvironment): Finding[] {
  const [write, read] = [contextOf(writeCluster), contextOf(readCluster)];
  if (!read || write?.id !== read.id) return [];
  return [
    { keys: ["readCluster", "context"], value: read.context, rule: "is the writeCluster's as well", remedy: "write one cluster for both" },
  ];
}

function awsIsThereForWhatNeedsIt(environment: DraftEnvironment): Finding[] {
  if (environment.aws) return [];
  const { cluster, writeCluster, readCluster } = environment;
  const found: Finding[] = [];
  for (const [key, value] of Object.entries({ cluster, writeCluster, readCluster })) {
    if (value && !("context" in value))
      found.push({
        keys: [key],
        rule: "is made on AWS, and the environment has no aws",
        remedy: "add aws, or name an existing cluster by its context",
      });
  }
  return found;
}

/** What each part can't do without. */
const NEEDS: Readonly<Partial<Record<keyof Environment, readonly { readonly part: keyof Environment; readonly why: string }[]>>> = {
  commandApi: [{ part: "eventStore", why: "commands end as events" }],
  commandProcessors: [{ part: "eventStore", why: "commands end as events" }],
  projections: [
    { part: "eventStore", why: "projections read events" },
    { part: "readDatabase", why: "projections write read models" },
  ],
  queryApi: [{ part: "readDatabase", why: "queries read read models" }],
};

const RUNS_ON_A_CLUSTER = ["commandApi", "commandProcessors", "projections", "queryApi", "monitoring"] as const;

function sidesAreWhole(environment: DraftEnvironment): Finding[] {
  const found = Object.entries(NEEDS).flatMap(([part, needs]) =>
    environment[part as keyof Environment] === undefined
      ? []
      : needs
          .filter((need) => !(need.part in environment))
          .map((need) => ({ keys: [part], rule: `needs ${need.part}: ${need.why}`, remedy: `add ${need.part}` })),
  );
  const { cluster, writeCluster, readCluster } = environment;
  const runs = RUNS_ON_A_CLUSTER.find((part) => environment[part] !== undefined);
  if (runs && !("cluster" in environment || writeCluster || readCluster || cluster)) {
    found.push({ keys: [runs], rule: "has no cluster to run on", remedy: "add writeCluster and readCluster, or one cluster" });
  }
  const { monitoring } = environment;
  if (monitoring?.grafana && !monitoring.prometheus && !("prometheus" in monitoring && monitoring.prometheus === undefined)) {
    found.push({
      keys: ["monitoring", "grafana"],
      rule: "shows what Prometheus collects, and there is none",
      remedy: "turn prometheus on as well",
    });
  }
  return found;
}

function rolesHaveNames(environment: DraftEnvironment): Finding[] {
  const taken = new Map<string, string>();
  return NAMED.flatMap((role) =>
    each(environment, role).flatMap(([keys, { name }], _, several): Finding[] => {
      if (name === undefined && several.length > 1) {
        return [{ keys, rule: `is one of several and has no name`, remedy: "name each" }];
      }
      const called = role === "readDatabase" ? readDatabaseName({ name }) : String(name ?? WORKLOADS[role].name);
      const before = taken.get(called);
      taken.set(called, keys.reduce(step));
      if (before === undefined) return [];
      return name === undefined
        ? [{ keys, rule: `is called ${called}, and so is ${before}`, remedy: "name it otherwise" }]
        : [{ keys: [...keys, "name"], value: name, rule: `is the name of ${before} as well`, remedy: "choose another" }];
    }),
  );
}

function scalingHasRoom(environment: DraftEnvironment): Finding[] {
  const counts = [
    ...(["cluster", "writeCluster", "readCluster"] as const).map(
      (key) => [[key, "nodes"], (environment[key] as { nodes?: Replicas } | undefined)?.nodes] as const,
    ),
    ...(["commandApi", "commandProcessors", "queryApi"] as const).flatMap((role) =>
      each(environment, role).map(([keys, item]) => [[...keys, "replicas"], item.replicas as Replicas | undefined] as const),
    ),
  ];
  return counts.flatMap(([keys, count]) => {
    if (typeof count !== "object" || !(count.min > count.max)) return [];
    return [{ keys, value: count, rule: "has a minimum above its maximum", remedy: "swap the two" }];
  });
}

function eventStoreHasQuorum({ eventStore, size, exceptions }: DraftEnvironment): Finding[] {
  if (eventStore?.engine !== "kurrentdb") return [];
  const { nodes }: { nodes: number } = kurrentDbSize({
    size: eventStore.size ?? size ?? "medium",
    ...(eventStore.nodes === undefined ? {} : { nodes: eventStore.nodes }),
  });
  const keys = ["eventStore", "nodes"];
  if (nodes % 2 === 0)
    return [
      {
        keys,
        value: nodes,
        rule: `gives no better quorum than ${nodes - 1} and can split evenly`,
        remedy: nodes === 2 ? "use 1 or 3" : "use 3 or 5",
      },
    ];
  if (nodes === 1 && !excepted(exceptions, "disposable")) {
    return [
      {
        keys,
        value: nodes,
        rule: "loses the event store with its node",
        remedy: "use 3 or 5, or say in exceptions.disposable why nothing here is kept",
      },
    ];
  }
  return [];
}

function kurrentCloudCanBeMade({ eventStore, aws }: DraftEnvironment): Finding[] {
  if (eventStore?.engine !== "kurrent-cloud") return [];
  const { backup, version = DEFAULT_KURRENT_CLOUD, patch } = eventStore;
  const found: Finding[] = [];
  // That backups end before the next one is said of every engine.
  if (backup?.every) {
    const often = { every: backup.every, keep: backup.every };
    found.push(...kurrentCloudBackupProblems(often).map((problem) => ({ keys: ["eventStore", "backup", "every"], ...problem })));
  }
  const own = ownNetwork(aws);
  const cidr = kurrentCloudCidr(eventStore);
  const problems = kurrentCloudNetworkProblems(cidr, own && (own.cidr ?? DEFAULT_CIDR));
  found.push(...problems.map((problem) => ({ keys: ["eventStore", "network", "cidr"], ...problem })));
  if (patch !== undefined && !patch.startsWith(`${version}.`)) {
    found.push({
      keys: ["eventStore", "patch"],
      value: patch,
      rule: `is no patch of ${version}`,
      remedy: `name one that begins with ${version}., or the line that it belongs to`,
    });
  }
  return found;
}

function regionsAreTwo({ aws, exceptions }: DraftEnvironment): Finding[] {
  if (!aws?.region) return [];
  const keys = ["aws", "recoveryRegion"];
  if (aws.recoveryRegion === aws.region) {
    return [{ keys, value: aws.recoveryRegion, rule: "is the region itself, and is lost with it", remedy: "choose another region" }];
  }
  if (!("recoveryRegion" in aws) && !excepted(exceptions, "noRecoveryCopy")) {
    return [
      {
        keys,
        rule: "is missing, so that a lost region takes the backups along",
        remedy: "name a region, or say in exceptions.noRecoveryCopy why none is needed",
      },
    ];
  }
  return [];
}

function zonesAreEnough({ aws, exceptions }: DraftEnvironment): Finding[] {
  const own = ownNetwork(aws);
  const region = aws?.region as Region | undefined;
  if (!own || !region) return [];
  const keys = ["aws", "network", "zones"];
  const named = own.zones as readonly (string | undefined)[] | undefined;
  const zones = named?.filter((zone): zone is string => zone !== undefined);
  if (zones && zones.length < (named?.length ?? 0)) return []; // what is no zone at all has been said already
  if (!zones) {
    if (defaultZones(region).length > 0) return [];
    return [
      {
        keys,
        rule: `is missing, and ${region} shows each account two zones of its own`,
        remedy: "name the two that yours has, with the exception twoZones",
      },
    ];
  }
  const foreign = zones.filter((zone) => !zone.startsWith(region) || !/^[a-f]$/.test(zone.slice(region.length)));
  if (foreign.length > 0)
    return [{ keys, value: foreign.join(", "), rule: `is no zone of ${region}`, remedy: `use zones like ${region}a` }];
  if (new Set(zones).size < zones.length) return [{ keys, value: zones.join(", "), rule: "names a zone twice", remedy: "name each once" }];
  if (zones.length === 1)
    return [{ keys, value: zones.join(", "), rule: "is one zone, which can't hold a quorum when it is lost", remedy: "name three" }];
  if (zones.length > 3) return [{ keys, value: zones.join(", "), rule: "is more than three zones", remedy: "name three" }];
  if (zones.length === 2 && !excepted(exceptions, "twoZones")) {
    return [
      {
        keys,
        value: zones.join(", "),
        rule: "leaves no majority when one is lost",
        remedy: "name three, or say in exceptions.twoZones why two are enough",
      },
    ];
  }
  return [];
}

/** A node takes the addresses of its pods in blocks; single addresses are more than there can be nodes. */
function blocksOf(cpu: Cores): number {
  return blocksFor(podsOn(known(millicores(cpu)) / 1000));
}

function addressesAreEnough({ aws, exceptions, ...environment }: DraftEnvironment): Finding[] {
  const own = ownNetwork(aws);
  if (!own) return [];
  const keys = ["aws", "network", "cidr"];
  const cidr = own.cidr ?? DEFAULT_CIDR;
  const block = parseBlock(cidr);
  const { shortest, longest } = NETWORK_PREFIX;
  if (!block)
    return [
      { keys, value: cidr, rule: "is no block of IPv4 addresses, or has bits set behind its prefix", remedy: "write one like 10.0.0.0/16" },
    ];
  if (block.prefix < shortest || block.prefix > longest) {
    return [
      {
        keys,
        value: cidr,
        rule: "is no size that AWS allows and subnets fit into",
        remedy: `use a prefix from /${shortest} to /${longest}`,
      },
    ];
  }
  if (!PRIVATE_BLOCKS.some((space) => space && overlap(space, block))) {
    return [
      {
        keys,
        value: cidr,
        rule: "belongs to somebody on the internet",
        remedy: "use addresses of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10",
      },
    ];
  }
  const zones = !excepted(exceptions, "twoZones") ? 3 : 2;
  const clusters = (["cluster", "writeCluster", "readCluster"] as const).map((key) => {
    const { nodes = 0, node } = (environment[key] ?? {}) as { nodes?: Replicas; node?: { cpu?: Cores } };
    return { nodes: typeof nodes === "object" ? (nodes.max ?? 0) : nodes, blocks: blocksOf(node?.cpu ?? 1) };
  });
  const nodes = clusters.reduce((sum, cluster) => sum + cluster.nodes, 0);
  const needed = clusters.reduce((sum, cluster) => sum + Math.ceil(cluster.nodes / zones) * cluster.blocks, 0);
  if (needed <= podBlocks(cidr)) return [];
  const enough = Array.from({ length: longest - shortest + 1 }, (_, index) => longest - index).find(
    (prefix) => needed <= podBlocks(`0.0.0.0/${prefix}`),
  );
  return [
    {
      keys,
      value: cidr,
      rule: `has ${podBlocks(cidr)} blocks of 16 addresses in each zone for the pods of ${nodes} nodes, which take ${needed}`,
      remedy: enough ? `use /${enough}` : "use fewer nodes, or divide them among environments",
    },
  ];
}

const PRIVATE_BLOCKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].map(parseBlock);

function existingSubnetsMatch({ aws, exceptions }: DraftEnvironment): Finding[] {
  const subnets = existingNetwork(aws)?.subnets;
  if (!subnets) return [];
  const counts = Object.entries(subnets).map(([use, ids]) => [use, (ids as readonly string[]).length] as const);
  return counts.flatMap(([use, count]): Finding[] => {
    const keys = ["aws", "network", "subnets", use];
    if (counts.some(([, other]) => other !== count))
      return [{ keys, value: count, rule: "subnets are not as many as of the other uses", remedy: "name one of each use for every zone" }];
    if (count === 3 || (count === 2 && excepted(exceptions, "twoZones"))) return [];
    return [
      {
        keys,
        value: count,
        rule: "subnets are not one for each of three zones",
        remedy: count === 2 ? "name three, or say in exceptions.twoZones why two are enough" : "name three",
      },
    ];
  });
}

function tagsAreAllowed({ aws }: DraftEnvironment): Finding[] {
  const tags = Object.entries(aws?.tags ?? {});
  const keys = ["aws", "tags"];
  const found = tags.flatMap(([key, value], index): Finding[] => {
    const problem = tagProblem(key, String(value));
    if (problem) return [{ keys: [...keys, key], value, ...problem }];
    const twin = tags.slice(0, index).find(([other]) => other.toLowerCase() === key.toLowerCase());
    return twin
      ? [
          {
            keys: [...keys, key],
            rule: `differs from ${twin[0]} in case alone, which IAM takes for the same`,
            remedy: "keep one of the two",
          },
        ]
      : [];
  });
  if (tags.length > MOST_TAGS)
    found.push({ keys, value: tags.length, rule: "tags are more than AWS allows beside the platform's own", remedy: `keep ${MOST_TAGS}` });
  return found;
}

/** What must be so for an exception to except anything; an exception that is left over misleads whoever reads the summary. */
const EXCEPTS: Readonly<Record<keyof typeof EXCEPTIONS, (environment: DraftEnvironment) => boolean>> = {
  disposable: () => true,
  singleNatGateway: ({ aws }) => ownNetwork(aws) !== undefined,
  twoZones: ({ aws }) => aws !== undefined && (ownNetwork(aws)?.zones?.length ?? existingNetwork(aws)?.subnets?.private?.length ?? 2) === 2,
  noBackup: (environment) =>
    !excepted(environment.exceptions, "disposable") && storeBackups(environment).some(({ by }) => by === undefined),
  noRecoveryCopy: ({ aws }) => aws !== undefined && aws.recoveryRegion === undefined,
  awsApisOverInternet: ({ aws }) => ownNetwork(aws) !== undefined,
  tightCapacity: ({ cluster, writeCluster, readCluster }) =>
    [cluster, writeCluster, readCluster].some((one) => one && (!("context" in one) || one.room !== undefined)),
  asynchronousEvents: (environment) => losesEvents(environment).length > 0,
  openToAll: ({ commandApi, queryApi }) => commandApi !== undefined || queryApi !== undefined,
  overlappingNetwork: ({ aws }) => ownNetwork(aws) !== undefined,
};

function exceptionsExceptSomething(environment: DraftEnvironment): Finding[] {
  const names = Object.keys(environment.exceptions ?? {}).filter((name): name is keyof typeof EXCEPTIONS => name in EXCEPTS);
  return names
    .filter((name) => !EXCEPTS[name](environment))
    .map((name) => ({ keys: ["exceptions", name], rule: "excepts nothing here", remedy: "remove it" }));
}

/** A problem of one environment or account that only shows beside the others. */
export type ProgramFinding = Finding & { readonly root: string };

export type DraftProgram = {
  readonly accounts: readonly Draft<Program["accounts"][number]>[];
  readonly environments: readonly DraftEnvironment[];
};

/** What must hold between environments. */
export const programRules: readonly ((program: DraftProgram) => readonly ProgramFinding[])[] = [
  accountsAreKnown,
  namesAreApart,
  networksAreApart,
  kurrentCloudIsApart,
  clustersAreApart,
  domainsAreApart,
  standbysHaveAnOriginal,
  ...edgesBesideEachOther,
  pipelinesHaveTheirAccess,
  clustersHaveAdministrators,
];

function accountsAreKnown({ accounts, environments }: DraftProgram): ProgramFinding[] {
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
        rule: "is no account of this program, so that its state has no place",
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

/** Words that stand where an environment's name does, in names of stacks, of deploy roles and of the state bucket. */
const RESERVED = ["bootstrap", "deploy", "plan", "terraform"];

function namesAreApart({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ name }, index): ProgramFinding[] => {
    if (!name) return [];
    if (RESERVED.includes(name) || name.startsWith("bootstrap-"))
      return [
        {
          root: name,
          keys: ["name"],
          value: name,
          rule: "stands for something else in names of stacks, roles and buckets",
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

function networksAreApart({ environments }: DraftProgram): ProgramFinding[] {
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
 * A vendor's network is seen from one VPC only, so that two of them may be alike; but an environment that is joined to
 * another would find its addresses there.
 */
function kurrentCloudIsApart({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ name, eventStore }): ProgramFinding[] => {
    if (!name || eventStore?.engine !== "kurrent-cloud") return [];
    const cidr = kurrentCloudCidr(eventStore);
    const block = parseBlock(cidr);
    const other = environments.find(({ name: another, aws }) => {
      const own = another === name ? undefined : ownNetwork(aws);
      const theirs = own && parseBlock(own.cidr ?? DEFAULT_CIDR);
      return block && theirs && overlap(theirs, block);
    });
    if (!other) return [];
    return [
      {
        root: name,
        keys: ["eventStore", "network", "cidr"],
        value: cidr,
        rule: `overlaps ${ownNetwork(other.aws)?.cidr ?? DEFAULT_CIDR} of ${other.name}, so that the two can never be joined`,
        remedy: "use other addresses",
      },
    ];
  });
}

/** What an environment makes in a cluster has the same names in each environment. */
function clustersAreApart({ environments }: DraftProgram): ProgramFinding[] {
  const found = environments.flatMap(({ name, cluster, writeCluster, readCluster }) =>
    Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, each]) => {
      const place = contextOf(each);
      return name && place ? [{ name, key, ...place }] : [];
    }),
  );
  return found.flatMap(({ name, key, id, context }, index): ProgramFinding[] => {
    const other = found.slice(0, index).find((before) => before.id === id && before.name !== name);
    if (!other) return [];
    return [
      {
        root: name,
        keys: [key, "context"],
        value: context,
        rule: `is a cluster of ${other.name} as well, whose namespaces are called alike`,
        remedy: "give each environment a cluster of its own",
      },
    ];
  });
}

/** What comes into an environment has the same names below each domain, for which one zone answers. */
function domainsAreApart({ environments }: DraftProgram): ProgramFinding[] {
  const found = environments.flatMap(({ name, aws }) => (name && aws?.domain ? [{ name, domain: aws.domain }] : []));
  return found.flatMap(({ name, domain }, index): ProgramFinding[] => {
    const other = found.slice(0, index).find((before) => before.domain === domain && before.name !== name);
    if (!other) return [];
    const rule = `is the domain of ${other.name} as well`;
    return [{ root: name, keys: ["aws", "domain"], value: domain, rule, remedy: "give each environment a domain of its own" }];
  });
}

/** By what an existing cluster is known. */
function contextOf(cluster: DraftEnvironment["cluster"]): { readonly context: string; readonly id: string } | undefined {
  if (!cluster || !("context" in cluster) || typeof cluster.context !== "string") return undefined;
  const { context, kubeconfig = "~/.kube/config" } = cluster;
  return { context, id: `${kubeconfig}#${context}` };
}

function standbysHaveAnOriginal({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ name, standbyOf, aws }): ProgramFinding[] => {
    if (!name || standbyOf === undefined) return [];
    const problem = (rule: string, remedy: string) => [{ root: name, keys: ["standbyOf"], value: standbyOf, rule, remedy }];
    const original = environments.find((other) => other.name === standbyOf);
    if (!original || original.name === name)
      return problem(
        "is no other environment",
        `use one of ${environments
          .map((other) => other.name)
          .filter((other) => other !== name)
          .join(", ")}`,
      );
    if (original.standbyOf !== undefined) return problem("stands by for another itself", `use ${original.standbyOf}`);
    if (aws?.region !== undefined && original.aws?.region === aws.region)
      return problem("is in the same region, and would be lost together with it", "put one of them in another region");
    return [];
  });
}

/** Whether an exception is claimed, be its reason good or not: one mistake is reported once. */
function excepted(exceptions: DraftEnvironment["exceptions"], name: keyof typeof EXCEPTIONS): boolean {
  return name in (exceptions ?? {});
}

/** The network that is to be made, where one is. */
function ownNetwork(aws: DraftEnvironment["aws"]): Draft<OwnNetwork> | undefined {
  if (!aws) return undefined;
  return aws.network && "vpc" in aws.network ? undefined : ((aws.network ?? {}) as Draft<OwnNetwork>);
}

/** The network that exists already, where one does. */
function existingNetwork(aws: DraftEnvironment["aws"]): Draft<ExistingNetwork> | undefined {
  return aws?.network && "vpc" in aws.network ? (aws.network as Draft<ExistingNetwork>) : undefined;
}
