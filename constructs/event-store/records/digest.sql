-- Number, last position and SHA-256 chain of the events up to the position :until, as :count, :position and :hash.
-- In the session only: it works on every store of events, and changes none.
create function pg_temp.next_link(link bytea, event text) returns bytea language sql immutable
  as $$ select pg_catalog.sha256(link || pg_catalog.convert_to(event, 'UTF8')) $$;
-- Begins with the hash of nothing.
create aggregate pg_temp.chain(text) (sfunc = pg_temp.next_link, stype = bytea, initcond = '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
-- The order of the rows is that of the chain.
set max_parallel_workers_per_gather = 0;
select count(*) as count, coalesce(max(position), 0) as position, encode(pg_temp.chain(event), 'hex') as hash
from (
  select position, jsonb_build_array(position, id, aggregate_id, version, event_type, event_data, metadata, extract(epoch from "timestamp"))::text as event
  from public.events where position <= :'until'::bigint order by position
) as events \gset
