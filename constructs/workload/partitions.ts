/** A number of partitions, each processed by one worker. */
export interface Partitioning {
  readonly partitions: number;
  readonly workers: number;
}

/**
 * Returns the partitions of a worker, by its index from 0: those that give this remainder when divided by the number of workers. Each
 * partition has exactly one worker, and the workers' numbers of partitions differ by one at most.
 */
export function partitionsOf(worker: number, { partitions, workers }: Partitioning): readonly number[] {
  return Array.from({ length: partitions }, (_, partition) => partition).filter((partition) => partition % workers === worker);
}
