-- Compares the events with :record, up to its position. Without a record, it reads all of them: damaged pages have wrong checksums.
\set ON_ERROR_STOP on
select :'record' <> '' as recorded \gset
\if :recorded
select :'record'::json ->> 'position' as until \gset
\else
select coalesce(max(position), 0) as until from public.events \gset
\endif
\ir digest.sql
select count(*) as later from public.events where position > :'until'::bigint \gset
\if :recorded
select set_config('record.expected', :'record', false),
  set_config('record.found', json_build_object('position', :'position'::bigint, 'count', :'count'::bigint, 'hash', :'hash')::text, false) \g /dev/null
do $$
declare
  expected json := current_setting('record.expected');
  found json := current_setting('record.found');
  differences text := (select string_agg(format('%s is %s, recorded was %s', key, found ->> key, expected ->> key), '; ')
                       from unnest(array['count', 'position', 'hash']) as key where found ->> key is distinct from expected ->> key);
begin
  if differences is not null then
    raise exception 'these are not the events of record % of %: %', expected ->> 'id', expected ->> 'time', differences
      using hint = 'restore again from an earlier base backup or to another target, and keep this server away from its users';
  end if;
end $$;
select format('%s events up to position %s are those of record %s of %s; %s are later', :'count', :'position',
  :'record'::json ->> 'id', :'record'::json ->> 'time', :'later');
\else
select format('%s events up to position %s were read, with hash %s; there is no record to compare them with', :'count', :'position', :'hash');
\endif
