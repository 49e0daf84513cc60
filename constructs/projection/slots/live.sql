-- Registers slots with their partitions, that which is to be live first, and makes it the one that is read.
-- :projection, :slots (partitions by slot, as JSON), :live, :within, :forced.
\set VERBOSITY default
select projections.begin(:'projection', slot, partitions)
from (
  select key as slot, value::integer as partitions from jsonb_each_text(:'slots') order by key <> :'live', key offset 0
) as slots \g /dev/null

select format('%s/%s is live; views in schema %s: %s', :'projection', :'live', :'projection',
  projections.switch(:'projection', :'live', :'within', :'forced'));

-- In a transaction of its own: what was read before is nobody's hindrance.
select projections.tidy(:'projection');
