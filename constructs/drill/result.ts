/** Result of a restore drill, as it is published. */
export interface DrillResult<Restored = unknown> {
  /** Kind of the backup: `stream-backup`, `volume-snapshot`, `postgres`. */
  readonly drill: string;

  /** Time of its start. */
  readonly time: string;
  readonly passed: boolean;

  /** Reasons why it failed. */
  readonly problems: readonly string[];

  /** Restored data. Null if the restore failed. */
  readonly restored: Restored | null;

  /** Duration of the restore, with its checks. Null if it failed. */
  readonly restoreSeconds: number | null;

  /** Data loss. Null if it could not be measured. */
  readonly lossSeconds: number | null;
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
}
