-- Deletes the slots that are not live, with their tables.
\set VERBOSITY default
select format('%s/%s is deleted', projection, slot)
from (
  select projection, slot, projections.drop(projection, slot)
  from (select projection, slot from projections.slots join projections.read_models using (projection)
        where projection = :'projection' and slot <> live offset 0) as idle offset 0
) as gone;
