/** Something that is divided into partitions, each worked on by one worker. */
export interface Partitioning {
  readonly partitions: number;
  readonly workers: number;
}

/**
 * The partitions of a worker, by its number from 0 on: those that leave this number when divided by the number of workers.
 * Every partition has exactly one worker, whatever their numbers, and no worker has two more than another.
 */
export function partitionsOf(worker: number, { partitions, workers }: Partitioning): readonly number[] {
  return Array.from({ length: partitions }, (_, partition) => partition).filter((partition) => partition % workers === worker);
}
