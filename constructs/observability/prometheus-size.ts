import { type Bytes, type Cores, type Duration, known, seconds } from "../core/quantities";

export interface PrometheusLoad {
  /** How many series are active at a time. */
  readonly series: number;

  /** How often each is read. */
  readonly interval: Duration;

  /** How long samples are kept. */
  readonly retention: Duration;
}

export interface PrometheusSize {
  readonly cpu: Cores;
  readonly memory: Bytes;

  /** Its volume. */
  readonly storage: Bytes;

  /** The most that its blocks may take of the volume; the oldest go before that. */
  readonly retentionSize: Bytes;
}

/** Prometheus, storage: a sample takes one to two bytes. */
const BYTES_PER_SAMPLE = 1.5;

/** What the log of the last hours, and blocks that are being merged, leave to blocks of a volume. */
export const BLOCKS_SHARE = 0.8;

/** An active series takes about 4 KiB; queries and rules take as much again. */
const MEMORY_PER_SERIES = 8 * 2 ** 10;
const LEAST_MEMORY = 512 * 2 ** 20;

const GI = 2 ** 30;

/**
 * What a Prometheus needs for what it reads: a volume of retention × samples a second × bytes a sample, with what is not
 * blocks on top, and memory by its active series.
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
