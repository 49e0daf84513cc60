/**
 * Query of a smoke test, for the database that has `ProjectionTables`: true if the live slot of a read model has caught up, otherwise a
 * text with its lag.
 *
 * @param projection - name of the projection: `orders`
 * @param fewerThan - lag in positions from which the slot counts as not caught up
 */
export function caughtUp(projection: string, fewerThan: number): string {
  const last = "case when seen_at is null then 'no worker has reported the end of the event store' else 'last reported at ' || seen_at end";
  const ahead = "'ahead of the event store, which ends at ' || head || ': build it again'";
  const told = `case state when 'healthy' then 't' when 'ahead' then ${ahead} else concat_ws(', ', behind || ' events behind', ${last}) end`;
  const live = `select ${told} from projections.health(${fewerThan}) where projection = '${projection}' and live`;
  return `select coalesce((${live}), 'no slot is read')`;
}
