-- Progress of every slot in Prometheus' text format. Run by a reader. A server that is busy or locked ends the question itself.
begin read only;
set local statement_timeout = '5s';
with slots as materialized (
  select health.*,
         -- Prometheus, exposition format: \, " and line feeds are escaped in values of labels.
         format('{projection="%s",slot="%s"}',
                replace(replace(replace(projection, '\', '\\'), '"', '\"'), E'\n', '\n'),
                replace(replace(replace(slot, '\', '\\'), '"', '\"'), E'\n', '\n')) as labels
  from projections.health() as health
), metrics (number, name, help) as (values
  (1, 'cqrs_projection_behind_events', 'Events between the last known end of the event store and the partition that is furthest behind. Absent while no worker has reported the end.'),
  (2, 'cqrs_projection_position', 'Position up to which all partitions are processed; -1: a partition has processed nothing.'),
  (3, 'cqrs_projection_last_seen_timestamp_seconds', 'When a worker last reported the end of the event store; 0: never.'),
  (4, 'cqrs_projection_last_advanced_timestamp_seconds', 'When a partition last processed an event; 0: never.'),
  (5, 'cqrs_projection_partitions', 'Partitions of the slot.'),
  (6, 'cqrs_projection_partitions_unowned', 'Partitions without a worker that holds a valid lease.'),
  (7, 'cqrs_projection_live', 'Whether the slot is the one that is read.'),
  (8, 'cqrs_projection_ahead', 'Whether the slot has events that its event store does not have.')
), samples as (
  select number, projection, slot, labels, value
  from slots cross join lateral (values
    (1, behind::text),
    (2, coalesce(position, -1)::text),
    (3, coalesce(round(extract(epoch from seen_at), 3), 0)::text),
    (4, coalesce(round(extract(epoch from advanced_at), 3), 0)::text),
    (5, partitions::text),
    (6, (partitions - owned)::text),
    (7, live::integer::text),
    (8, (state = 'ahead')::integer::text)
  ) as of_slot (number, value)
  where value is not null
)
select line
from (
  select number, 0, '', '', format(E'# HELP %1$s %2$s\n# TYPE %1$s gauge', name, help) from metrics
  union all
  select number, 1, projection, slot, format('%s%s %s', name, labels, value) from metrics join samples using (number)
) as lines (number, part, projection, slot, line)
order by number, part, projection, slot;
commit;
