import type { Problem } from "../../../constructs/core/errors";
import type { Bytes, Cores, Duration } from "../../../constructs/core/quantities";
import type { RuleSubject } from "../../../constructs/observability";
import type { SecretSpec } from "../../../constructs/secrets";
import type { Size } from "../../../constructs/sizing";
import type { Draft, Finding } from "../check/finding";
import type { Schema } from "../check/shape";
import type { Exceptions } from "../exceptions";

/** What a store is to the workloads that use it. */
export type StoreKind = "event-store" | "postgres" | "redis" | "broker";

/** Where an engine runs: on a cluster, as a service of AWS, or at its vendor. */
export type Runs = "cluster" | "aws" | "vendor";

/** What implements a store: its settings, and what follows from them. */
export interface StoreEngine<S> {
  readonly kind: StoreKind;

  /** An event store in PostgreSQL runs where its server does. */
  readonly runs: Runs;

  readonly shape: Schema;

  /**
   * Whether it can be reached from its own cluster only.
   * @default false
   */
  readonly withinCluster?: boolean;

  /**
   * Whether it may lose its data at any time, so that another can replace it.
   * @default - it keeps its data
   */
  readonly mayForget?: (settings: Draft<S>) => boolean;

  /** The settings with everything that follows from the size. */
  readonly resolved: (settings: S, sizing: Sizing) => ResolvedSettings;

  /** What backs up its data. Undefined if it holds none of its own. */
  readonly backup: (settings: Draft<S>, target: BackupTarget) => BackedUp | undefined;

  /**
   * What is wrong with its settings in their environment, at keys below the store.
   * @default - nothing beyond the shape of each setting
   */
  readonly problems?: (settings: Draft<S>, context: StoreContext) => readonly Finding[];

  /**
   * Settings by which it acknowledges writes that it may lose.
   * @default - it has no such settings
   */
  readonly unacknowledged?: (settings: Draft<S>, size: Size | undefined) => readonly Finding[];

  /**
   * Whether its data is in the memory of the process that uses it.
   * @default false
   */
  readonly inProcess?: boolean;

  /**
   * Servers that need a node of their own each. Undefined if the settings don't name a number.
   * @default - servers can share nodes
   */
  readonly ownNodes?: (settings: Draft<S>) => number | undefined;

  /**
   * Addresses of its vendor's network, which the environment's is joined to.
   * @default - it is in no other network
   */
  readonly vendorNetwork?: (settings: Draft<S>) => string;

  /** Why a store that exists can't be changed so without losing its data. */
  readonly dataLoss: (before: S, after: S, sizes: Sizes) => readonly SettingProblem[];

  /**
   * Why a workload has the same rights in it whichever role it names.
   * @default - each role has its own
   */
  readonly withoutRoles?: string;

  /** The secrets of a store of that name. What its operator or its vendor generates is not among them. */
  readonly secrets: (name: string, settings: S) => readonly SecretSpec[];

  /**
   * Whether what is not said about a store follows from the size of its environment.
   * @default true
   */
  readonly sized?: boolean;

  /**
   * Whether workloads on another cluster know its nodes by names of the network.
   * @default false
   */
  readonly namedOutside?: boolean;

  /**
   * Why it needs nodes of amd64.
   * @default - its images are for arm64 too
   */
  readonly withoutArm?: string;

  /**
   * The server of PostgreSQL that keeps its data, if it is one of its settings.
   * @default - none: it keeps its data itself
   */
  readonly server?: (settings: Draft<S>) => object | undefined;

  /**
   * Rules by which it is watched on its cluster. A server of PostgreSQL has its own.
   * @default - none
   */
  readonly rules?: readonly RuleSubject[];

  /** Settings that have no effect, each with the reason. */
  readonly ineffective?: Readonly<{ [Key in keyof S]?: string }>;
}

/** What decides the sizes of a store, in addition to its own settings. */
export interface Sizing {
  /** The environment's size. */
  readonly size: Size;

  /** Whether data is protected from deletion. */
  readonly isProtected: boolean;
}

/** A store with everything that follows from its size. */
export interface ResolvedSettings {
  /** In the order in which they are shown. Those that are undefined are left out. */
  readonly settings: Readonly<Record<string, unknown>>;

  /**
   * Requests of its pods.
   * @default - it doesn't run on a cluster
   */
  readonly pods?: StorePods;

  /**
   * A limit that its users have to know.
   * @default - none
   */
  readonly limit?: string;
}

/** Requests of pods of one kind, each with its volumes. */
export interface StorePods {
  readonly count: number;
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly volumes: number;
}

/** What decides how a store is backed up, in addition to its own settings. */
export interface BackupTarget extends Sizing {
  /** Retention in the environment. */
  readonly keep: Duration;

  /** Whether its cluster is made here. An existing cluster has no role on AWS, so what runs on it can't write to the bucket. */
  readonly onEks: boolean;
}

/** How the data of a store is backed up. */
export interface BackedUp {
  /** The backups that are made of it, the one that loses least first. None if nothing backs it up. */
  readonly methods: readonly BackupMethod[];

  /**
   * Why its data may be lost: `a cache may forget`.
   * @default - it must be kept, so that a protected environment without backups takes the exception `noBackup`
   */
  readonly expendable?: string;

  /**
   * What a restore takes at least.
   * @default - unknown
   */
  readonly restore?: LeastRestore;

  /**
   * What is backed up instead, if nothing backs it up: `use kurrent-cloud or postgres, or `.
   * @default - nothing is
   */
  readonly alternative?: string;

  /**
   * Where nothing backs it up, if it is backed up elsewhere: ` outside of EKS`.
   * @default - anywhere
   */
  readonly where?: string;
}

/** One kind of backup of a store. */
export interface BackupMethod {
  /** What makes it: `snapshots of ElastiCache`. */
  readonly by: string;

  /**
   * Time between two of them.
   * @default - the log is kept too, so that a restore reaches any second
   */
  readonly every?: Duration;

  /**
   * Time between two base backups, at one of which a restore begins and replays the log.
   * @default - its service decides
   */
  readonly base?: Duration;

  /** Retention of each. */
  readonly keep: Duration;

  /**
   * Whether `backup.keep` of the environment decides how long.
   * @default false
   */
  readonly followsKeep?: boolean;

  /** The longest time, in seconds, whose writes are lost with the store. */
  readonly loses: number;

  /** Why it loses so much: `it restores up to 5 minutes before a failure`. */
  readonly because: string;

  /** Where they are stored: at the service of AWS in the region, in the environment's bucket, or at the vendor. */
  readonly place: "region" | "bucket" | "vendor";
}

/** The shortest time in which a restore can end. */
export interface LeastRestore {
  readonly seconds: number;

  /** `a new instance takes 10 minutes`. */
  readonly because: string;
}

/** What the rules of an engine know of the environment of a store. */
export interface StoreContext {
  /** Where it is written: `eventStore`. */
  readonly path: string;

  readonly size?: Size;
  readonly exceptions: Draft<Exceptions>;

  /** Whether the environment is on AWS. */
  readonly onAws: boolean;

  /** Addresses of the network that is made for the environment. */
  readonly network?: string;

  /** Whether a name is that of another secret in the environment. */
  readonly isSecret: (name: string) => boolean;
}

/** The size of the environment as it is, and as it is to be. */
export interface Sizes {
  readonly before: Size;
  readonly after: Size;
}

/** A problem of a store's setting. */
export type SettingProblem = Omit<Problem, "path"> & {
  /**
   * The setting: `network.cidr`.
   * @default - the store as a whole
   */
  readonly at?: string;
};

/** Problems of sizes have the name of the setting in their remedy. */
export function bySetting(problems: readonly Omit<Problem, "path">[]): readonly SettingProblem[] {
  return problems.map((problem) => ({ ...problem, at: /^keep (\w+):/.exec(problem.remedy)?.[1] ?? "servers" }));
}

/** Why a store can't go back to an earlier version: a server never reads what a later version of it has written. */
export function older(before: string, after: string, at = "version"): readonly SettingProblem[] {
  const [was, now] = [before, after].map((version) => version.split(".").map(Number)) as [number[], number[]];
  const first = was.findIndex((part, index) => part !== (now[index] ?? part));
  if (first < 0 || (now[first] ?? 0) > (was[first] ?? 0)) return [];
  return [
    {
      at,
      value: after,
      rule: `is before ${before}, and does not read what that has written`,
      remedy: `keep "${before}", or go back to a backup from before the upgrade in a second environment`,
    },
  ];
}

/** A store of another engine begins empty. */
export function anotherEngine(before: string, after: string, what: string, remedy: string): SettingProblem {
  return { at: "engine", value: after, rule: `was ${before}: another engine begins empty, and ${what} would stay behind`, remedy };
}
