-- A line for each slot: how far it is.
select format('%s/%s%s: %s, %s behind, %s of %s partitions have a worker', projection, slot, case when live then ' (live)' else '' end,
  state, coalesce(behind::text, 'nobody knows how far'), owned, partitions)
from projections.health() where projection = :'projection';
