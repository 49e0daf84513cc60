import { type Bytes, type Cores, type Duration, known, seconds } from "../core/quantities";

/** Load of a Prometheus, from which its size is computed. */
export interface PrometheusLoad {
  /** Number of active series. */
  readonly series: number;

  /** Scrape interval. */
  readonly interval: Duration;

  /** Retention of samples. */
  readonly retention: Duration;
}

/** Resource requests and volume of a Prometheus. */
export interface PrometheusSize {
  readonly cpu: Cores;
  readonly memory: Bytes;

  /** Size of the volume. */
  readonly storage: Bytes;

  /** Maximum size of blocks. Prometheus deletes the oldest blocks first. */
  readonly retentionSize: Bytes;
}

/** One to two bytes for a sample (Prometheus, storage). */
const BYTES_PER_SAMPLE = 1.5;

/** Share of the volume for blocks. The write-ahead log and compaction need the rest. */
export const BLOCKS_SHARE = 0.8;

/** About 4 KiB for an active series, and as much for queries and rules. */
const MEMORY_PER_SERIES = 8 * 2 ** 10;
const LEAST_MEMORY = 512 * 2 ** 20;

const GI = 2 ** 30;

/**
 * CPU, memory and volume of a Prometheus: the volume is retention × samples per second × bytes per sample ÷ the share of blocks; memory
 * grows with the active series.
 */
export function prometheusSize({ series, interval, retention }: PrometheusLoad): PrometheusSize {
  const samples = (series / known(seconds(interval))) * known(seconds(retention));
  const storage = Math.max(10, Math.ceil((samples * BYTES_PER_SAMPLE) / BLOCKS_SHARE / GI));
  return {
    cpu: `${Math.ceil(250 + series / 1000)}m`,
    memory: `${Math.ceil((LEAST_MEMORY + series * MEMORY_PER_SERIES) / 2 ** 20)}Mi`,
    storage: `${storage}Gi`,
    retentionSize: `${Math.floor(storage * BLOCKS_SHARE)}Gi`,
  };
}
