-- Prints a record of all events as one line of JSON.
\set ON_ERROR_STOP on
begin;
-- Nobody appends meanwhile: the position in the log is after these events and before the next.
select public.take_turn() \g /dev/null
select coalesce(max(position), 0) as until, pg_current_wal_insert_lsn() as lsn,
  to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time from public.events \gset
commit;
\ir digest.sql
select json_build_object('id', gen_random_uuid(), 'time', :'time', 'lsn', :'lsn', 'position', :'position'::bigint,
  'count', :'count'::bigint, 'hash', :'hash');
