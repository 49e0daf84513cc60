-- What is shown and what is decided on are one state.
begin transaction isolation level repeatable read read only;

-- A line for each slot that workers project into: how far it is. The last line says whether to look again: not when each
-- has caught up, but for one that is ahead of its event store and never will.
select format('%s/%s%s: %s, %s behind, %s of %s partitions have a worker', :'projection', slots.slot, case when live then ' (live)' else '' end,
  coalesce(state, 'not begun'), coalesce(behind::text, 'nobody knows how far'), coalesce(owned, 0), coalesce(partitions, expected))
from (select key as slot, value::integer as expected from jsonb_each_text(:'slots')) as slots
left join projections.health() as health on health.projection = :'projection' and health.slot = slots.slot
order by slots.slot;
select case when bool_or(coalesce(state, 'degraded') = 'degraded') then 'wait' when bool_or(state = 'healthy') then 'done' else 'ahead' end
from (select key as slot from jsonb_each_text(:'slots')) as slots
left join projections.health() as health on health.projection = :'projection' and health.slot = slots.slot;

commit;
