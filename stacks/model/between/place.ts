import { podsOn } from "../../../constructs/cluster";
import { type Cores, known, millicores } from "../../../constructs/core/quantities";
import { MOST_TAGS, tagProblem } from "../../../constructs/core/tags";
import { blocksFor, defaultZones, NETWORK_PREFIX, overlap, parseBlock, podBlocks, type Region } from "../../../constructs/network";
import { type DraftSystem, excepted } from "../check/drafts";
import type { Draft, Finding } from "../check/finding";
import type { Replicas } from "../common";
import { newClusters } from "../derive/clusters";
import type { ExistingNetwork, OwnNetwork, Runners } from "../place";
import { DEFAULT_CIDR } from "../place";

export function regionsAreTwo({ aws, exceptions }: DraftSystem): Finding[] {
  if (!aws?.region) return [];
  const keys = ["aws", "recoveryRegion"];
  if (aws.recoveryRegion === aws.region) {
    return [{ keys, value: aws.recoveryRegion, rule: "is the region itself, and is lost with it", remedy: "choose another region" }];
  }
  if (!("recoveryRegion" in aws) && (!excepted(exceptions, "noRecoveryCopy") || typeof exceptions?.noRecoveryCopy === "object")) {
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

export function runnersHaveClusters(environment: DraftSystem): Finding[] {
  const { runners, region } = environment.aws ?? {};
  if (!runners) return [];
  const { connection } = runners as Draft<Runners>;
  const keys = ["aws", "runners"];
  const found: Finding[] = [];
  if (newClusters(environment as Parameters<typeof newClusters>[0]).length === 0)
    found.push({ keys, rule: "requires a cluster that the environment creates, because runners deploy to it", remedy: "leave it out" });
  if (connection && region && connection.split(":")[3] !== region)
    found.push({
      keys: [...keys, "connection"],
      value: connection,
      rule: `must be in ${region}, like the runners`,
      remedy: "create a connection there",
    });
  return found;
}

export function zonesAreEnough({ aws, exceptions }: DraftSystem): Finding[] {
  const own = ownNetwork(aws);
  const region = aws?.region as Region | undefined;
  if (!own || !region) return [];
  const keys = ["aws", "network", "zones"];
  const named = own.zones as readonly (string | undefined)[] | undefined;
  const zones = named?.filter((zone): zone is string => zone !== undefined);
  if (zones && zones.length < (named?.length ?? 0)) return []; // invalid zones are already reported
  if (!zones) {
    if (defaultZones(region).length > 0) return [];
    return [
      {
        keys,
        rule: `is missing, and ${region} has only two zones for each account, and not the same ones`,
        remedy: "name the two that yours has, with the exception twoZones",
      },
    ];
  }
  const foreign = zones.filter((zone) => !zone.startsWith(region) || !/^[a-f]$/.test(zone.slice(region.length)));
  if (foreign.length > 0)
    return [{ keys, value: foreign.join(", "), rule: `is not an Availability Zone of ${region}`, remedy: `use zones like ${region}a` }];
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

/** A node allocates pod addresses in blocks. Single addresses don't limit the number of nodes. */
export function blocksOf(cpu: Cores): number {
  return blocksFor(podsOn(known(millicores(cpu)) / 1000));
}

export function addressesAreEnough({ aws, exceptions, ...environment }: DraftSystem): Finding[] {
  const own = ownNetwork(aws);
  if (!own) return [];
  const keys = ["aws", "network", "cidr"];
  const cidr = own.cidr ?? DEFAULT_CIDR;
  const block = parseBlock(cidr);
  const { shortest, longest } = NETWORK_PREFIX;
  if (!block)
    return [
      { keys, value: cidr, rule: "must be an IPv4 CIDR block without bits set after its prefix", remedy: "write one like 10.0.0.0/16" },
    ];
  if (block.prefix < shortest || block.prefix > longest) {
    return [
      {
        keys,
        value: cidr,
        rule: "is outside the supported range",
        remedy: `use a prefix from /${shortest} to /${longest}`,
      },
    ];
  }
  if (!PRIVATE_BLOCKS.some((space) => space && overlap(space, block))) {
    return [
      {
        keys,
        value: cidr,
        rule: "is a public address range",
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

export const PRIVATE_BLOCKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].map(parseBlock);

export function existingSubnetsMatch({ aws, exceptions }: DraftSystem): Finding[] {
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

export function tagsAreAllowed({ aws }: DraftSystem): Finding[] {
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
    found.push({
      keys,
      value: tags.length,
      rule: "tags exceed the limit of AWS, together with the tags of the platform",
      remedy: `keep ${MOST_TAGS}`,
    });
  return found;
}

/** Settings of the network to create. Undefined if there is none. */
export function ownNetwork(aws: DraftSystem["aws"]): Draft<OwnNetwork> | undefined {
  if (!aws) return undefined;
  return aws.network && "vpc" in aws.network ? undefined : ((aws.network ?? {}) as Draft<OwnNetwork>);
}

/** Settings of the existing network. Undefined if there is none. */
export function existingNetwork(aws: DraftSystem["aws"]): Draft<ExistingNetwork> | undefined {
  return aws?.network && "vpc" in aws.network ? (aws.network as Draft<ExistingNetwork>) : undefined;
}
