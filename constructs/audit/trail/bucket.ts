/** An object of the trail, by its key. */
export interface Entry {
  readonly key: string;

  /** Size in bytes. */
  readonly size: number;
}

/** A trail to read: the bucket or a copy of it. */
export interface ReadableTrail {
  /** Objects whose keys have a prefix, in the order of keys, after a key if one is given. */
  list(prefix: string, after?: string): Promise<readonly Entry[]>;

  /** Content of an object. Undefined if it doesn't exist. */
  get(key: string): Promise<Buffer | undefined>;

  /**
   * Objects whose versions show that they were deleted by name, or overwritten.
   * @default - versions are not known, as in a folder
   */
  changed?(prefix: string): Promise<{
    readonly deleted: readonly { readonly key: string }[];
    readonly overwritten: readonly { readonly key: string }[];
  }>;
}

/** A trail that grows. `S3Client` implements it. */
export interface GrowingTrail extends ReadableTrail {
  /** Creates an object. Returns false, and changes nothing, if it exists. */
  create(key: string, content: Buffer, retention?: Retention): Promise<boolean>;

  /** Extends the lock of an object. */
  retain(key: string, retention: Retention): Promise<void>;
}

export interface Retention {
  readonly mode: "GOVERNANCE" | "COMPLIANCE";
  readonly until: Date;
}

/** Parallel requests: enough to hide latency, few enough for the memory of a small pod. */
const PARALLEL = 16;

/** Applies a function to all items, some at a time, and returns the results in the order of the items. */
export async function inParallel<T, R>(items: readonly T[], apply: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await apply(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, work));
  return results;
}
