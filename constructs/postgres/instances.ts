import { type Bytes, bytes, type Reading, type Unreadable } from "../core/quantities";

/** CPU and memory of a managed instance. */
export interface DatabaseInstance {
  readonly cpu: number;
  readonly memory: Bytes;
}

interface Offer extends DatabaseInstance {
  readonly name: string;
  readonly engines: readonly ManagedEngine[];
}

/** Managed PostgreSQL engines on AWS. */
export type ManagedEngine = "aurora-postgresql" | "postgres";

const BOTH = ["aurora-postgresql", "postgres"] as const;

/**
 * Graviton instance classes, one per size: burstable below 8Gi, whose CPU credits run out under steady load, then general purpose if only
 * RDS has it, then memory-optimized (RDS and Aurora, DB instance classes: hardware specifications, 2026).
 */
const OFFERS: readonly Offer[] = [
  { name: "db.t4g.medium", cpu: 2, memory: "4Gi", engines: BOTH },
  { name: "db.t4g.large", cpu: 2, memory: "8Gi", engines: ["aurora-postgresql"] },
  { name: "db.m7g.large", cpu: 2, memory: "8Gi", engines: ["postgres"] },
  { name: "db.m7g.xlarge", cpu: 4, memory: "16Gi", engines: ["postgres"] },
  { name: "db.m7g.2xlarge", cpu: 8, memory: "32Gi", engines: ["postgres"] },
  { name: "db.r7g.large", cpu: 2, memory: "16Gi", engines: BOTH },
  { name: "db.r7g.xlarge", cpu: 4, memory: "32Gi", engines: BOTH },
  { name: "db.r7g.2xlarge", cpu: 8, memory: "64Gi", engines: BOTH },
  { name: "db.r7g.4xlarge", cpu: 16, memory: "128Gi", engines: BOTH },
  { name: "db.r7g.8xlarge", cpu: 32, memory: "256Gi", engines: BOTH },
  { name: "db.r7g.12xlarge", cpu: 48, memory: "384Gi", engines: BOTH },
  { name: "db.r7g.16xlarge", cpu: 64, memory: "512Gi", engines: BOTH },
];

/** The class with exactly the requested CPU and memory, or the problem if there is none. */
export function instanceClass(engine: ManagedEngine, { cpu, memory }: DatabaseInstance): string | Unreadable {
  const offers = OFFERS.filter(({ engines }) => engines.includes(engine));
  const wanted = bytes(memory);
  const found = offers.find((offer) => offer.cpu === cpu && bytes(offer.memory) === wanted);
  if (found) return found.name;
  const sizes = offers.map((offer) => `${offer.cpu} with ${offer.memory}`);
  return { rule: "is not an available size", remedy: `use cores and memory of ${sizes.join(", ")}` };
}

/** Checks if an instance is burstable: Aurora global databases don't support it (Aurora, configuration requirements of a global database). */
export function isBurstable(engine: ManagedEngine, instance: DatabaseInstance): boolean {
  return String(instanceClass(engine, instance)).startsWith("db.t");
}

/** Default `shared_buffers` in bytes, for an instance's memory. */
export const SHARED_BUFFERS: Readonly<Record<ManagedEngine, (memory: number) => number>> = {
  // Aurora doesn't use a file system cache: SUM({DBInstanceClassMemory/12038},-50003) pages of 8 kB.
  "aurora-postgresql": (memory) => (memory / 12_038 - 50_003) * 8192,
  postgres: (memory) => memory / 4, // {DBInstanceClassMemory/32768} pages of 8 kB
};

/** An instance's memory in bytes, or the problem if it can't be parsed. */
export function memoryOf({ memory }: DatabaseInstance): Reading {
  return bytes(memory);
}
