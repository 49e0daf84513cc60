import type { Entry, GrowingTrail, Retention } from "../../constructs/audit/trail/bucket";
import { byKey } from "../../constructs/audit/trail/format";

/** Ends a run at a chosen operation, as SIGKILL does. */
export class Killed extends Error {}

/** A bucket in memory, with locks, and with an end of its client at a chosen operation, before or after its effect. */
export class MemoryTrail implements GrowingTrail {
  readonly objects = new Map<string, Buffer>();
  readonly locks = new Map<string, Retention>();
  changed?: NonNullable<GrowingTrail["changed"]>;

  /** Twice the number of the operation at which a client ends; one more: after its effect. */
  killAt = Number.POSITIVE_INFINITY;
  private operations = 0;

  list(prefix: string, after = ""): Promise<readonly Entry[]> {
    return this.operation(() =>
      [...this.objects]
        .map(([key, content]) => ({ key, size: content.length }))
        .filter(({ key }) => key.startsWith(prefix) && key > after)
        .sort(byKey),
    );
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.operation(() => this.objects.get(key));
  }

  create(key: string, content: Buffer, retention?: Retention): Promise<boolean> {
    return this.operation(() => {
      if (this.objects.has(key)) return false;
      this.objects.set(key, content);
      if (retention) this.locks.set(key, retention);
      return true;
    });
  }

  retain(key: string, retention: Retention): Promise<void> {
    return this.operation(() => {
      if (retention.until < (this.locks.get(key)?.until ?? retention.until)) throw new Error(`${key}: a lock can't be shortened`);
      this.locks.set(key, retention);
    });
  }

  /** The same objects, for a test that damages them. */
  copy(): MemoryTrail {
    const copy = new MemoryTrail();
    for (const [key, content] of this.objects) copy.objects.set(key, content);
    return copy;
  }

  private async operation<T>(apply: () => T): Promise<T> {
    const number = 2 * this.operations++;
    if (number >= this.killAt) throw new Killed();
    const result = apply();
    if (number + 1 === this.killAt) throw new Killed();
    return result;
  }
}
