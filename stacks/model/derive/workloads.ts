import type { DomainOf, JobOf, ProjectionOf, ServiceOf, System, WorkerOf } from "../system";

/** A workload of any kind. */
export type AnyWorkload = ServiceOf | WorkerOf | ProjectionOf | JobOf;

/** A workload, and the domain that it is in. */
export interface Member {
  readonly domain: DomainOf;
  readonly workload: AnyWorkload;
}

/** Every workload of an environment in the order of its domains: those that keep running, then jobs. */
export function workloadsIn({ domains }: Pick<System, "domains">): readonly Member[] {
  const of = (members: (domain: DomainOf) => readonly AnyWorkload[]) =>
    domains.flatMap((domain) => members(domain).map((workload) => ({ domain, workload })));
  return [...of(({ services, workers, projections }) => [...services, ...workers, ...projections]), ...of(({ jobs }) => jobs)];
}
