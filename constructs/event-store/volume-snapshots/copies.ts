import { AwsError, type EbsSnapshot, type Ec2Client } from "../../aws-client";
import { Refused } from "./kubernetes";

export interface CopiesProps {
  /** EBS in the region of the volumes. */
  readonly from: Ec2Client;
  readonly fromRegion: string;

  /** EBS in the region of the copies. */
  readonly to: Ec2Client;
  readonly toRegion: string;

  /** KMS key of the copies, by ARN. */
  readonly key: string;

  /** Tags of the snapshots of this store, and of their copies. */
  readonly tags: Readonly<Record<string, string>>;

  /**
   * Lock of the copies.
   * @default - none
   */
  readonly lock?: { readonly mode: "governance" | "compliance"; readonly days: number } | undefined;
}

/** Copy of a snapshot. */
export interface Copy extends Pick<EbsSnapshot, "id" | "state" | "message" | "started"> {
  /** Snapshot that it is a copy of. */
  readonly source: string;
}

/** Tag of a copy with the id of the snapshot. */
const SOURCE = "source-snapshot";

/** EC2 starts no more than 20 copies at a time in a region (EBS, quotas): later it will. */
const LATER = "ResourceLimitExceeded";

/** Copies of the snapshots of one store in another region. Those of EBS are found by their tags, so that nothing else must be known of them. */
export class Copies {
  constructor(private readonly props: CopiesProps) {}

  get region(): string {
    return this.props.toRegion;
  }

  /** Complete snapshots in the region of the volumes, the newest first. */
  async sources(): Promise<readonly EbsSnapshot[]> {
    const { from, tags } = this.props;
    return newestFirst((await allowed(from.snapshots(tags))).filter(({ state }) => state === "completed"));
  }

  /** All copies, the newest first. */
  async list(): Promise<readonly Copy[]> {
    const { to, tags } = this.props;
    const found = await allowed(to.snapshots({ ...tags, [SOURCE]: "" }));
    return newestFirst(found).map(({ tags: given, ...copy }) => ({ ...copy, source: given[SOURCE] ?? "" }));
  }

  /** Starts a copy. Its tag is set with it, so that a later run finds it. */
  async create(source: string): Promise<void> {
    const { to, fromRegion, key, tags } = this.props;
    await allowed(to.copySnapshot({ sourceRegion: fromRegion, snapshotId: source, keyId: key, tags: { ...tags, [SOURCE]: source } }));
  }

  /** Ends of locks in milliseconds, by copy. Undefined if copies are not locked. */
  async locks(): Promise<ReadonlyMap<string, number> | undefined> {
    return this.props.lock && (await allowed(this.props.to.locks()));
  }

  async lock(id: string): Promise<void> {
    const { to, lock } = this.props;
    if (lock) await allowed(to.lockSnapshot(id, lock.mode, lock.days));
  }

  async remove(id: string): Promise<void> {
    await allowed(this.props.to.deleteSnapshot(id));
  }
}

function newestFirst<T extends { readonly started: number }>(found: readonly T[]): readonly T[] {
  return [...found].sort((one, other) => other.started - one.started);
}

/** Turns a refusal of EC2, which would refuse it again, into one that ends the run. */
async function allowed<T>(call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    throw error instanceof AwsError && error.code !== LATER ? new Refused(error.message) : error;
  });
}
