/**
 * A query, for a test of a deployment, of the database that has `ProjectionTables`: true where the slot of a read model that
 * is read has caught up, and else how far it is from that.
 *
 * @param projection - what is projected: `orders`
 * @param fewerThan - positions that it may be behind, and are one too many
 */
export function caughtUp(projection: string, fewerThan: number): string {
  const last = "case when seen_at is null then 'nobody has told where the event store ends' else 'told last at ' || seen_at end";
  const ahead = "'ahead of the event store, which ends at ' || head || ': build it again'";
  const told = `case state when 'healthy' then 't' when 'ahead' then ${ahead} else concat_ws(', ', behind || ' events behind', ${last}) end`;
  const live = `select ${told} from projections.health(${fewerThan}) where projection = '${projection}' and live`;
  return `select coalesce((${live}), 'no slot is read')`;
}
