import type { DomainOf, JobOf, ProjectionOf, ServiceOf, System, WorkerOf } from "../system";

/** Workload of any kind. */
export type AnyWorkload = ServiceOf | WorkerOf | ProjectionOf | JobOf;

/** Workload and its domain. */
export interface Member {
  readonly domain: DomainOf;
  readonly workload: AnyWorkload;
}

/** Name of a workload in a summary, a report or a diagram: `write-side / command-api`. */
export function nameIn({ domain, workload }: Member): string {
  return `${domain.name} / ${workload.name}`;
}

/** All workloads of an environment in the order of its domains: long-running ones, then jobs. */
export function workloadsIn({ domains }: Pick<System, "domains">): readonly Member[] {
  const of = (members: (domain: DomainOf) => readonly AnyWorkload[]) =>
    domains.flatMap((domain) => members(domain).map((workload) => ({ domain, workload })));
  return [...of(({ services, workers, projections }) => [...services, ...workers, ...projections]), ...of(({ jobs }) => jobs)];
}
