-- Applies one migration, once: :version, :checksum and :file say which. Runners come one after the other.
\set ON_ERROR_STOP on
\set VERBOSITY verbose
begin;
set local lock_timeout = '2min';
select pg_advisory_xact_lock(hashtext('schema_migrations')) \g /dev/null
-- What waits for a table stops all who come after it: it gives up soon, and is tried again later. One that is frozen goes.
set local lock_timeout = '1s';
set local idle_in_transaction_session_timeout = '30s';

-- Left alone where it is, so that nothing is said of it.
select to_regclass('public.schema_migrations') is null as first \gset
\if :first
create table public.schema_migrations (
  version    text primary key,
  checksum   text not null,
  applied_at timestamptz not null default now(),
  applied_by text not null default session_user
);
revoke all on public.schema_migrations from :"writer", :"reader";
grant select on public.schema_migrations to :"writer", :"reader";
\endif

select set_config('migration.version', :'version', true), set_config('migration.checksum', :'checksum', true) \g /dev/null
do $$
declare
  applied text := (select checksum from public.schema_migrations where version = current_setting('migration.version'));
begin
  if applied <> current_setting('migration.checksum') then
    raise exception 'migration % was changed after it was applied', current_setting('migration.version')
      using hint = 'restore the file and write a further one';
  end if;
end $$;

select exists (select from public.schema_migrations where version = :'version') as done \gset
\if :done
\echo :version is there
\else
\i :file
insert into public.schema_migrations (version, checksum) values (:'version', :'checksum');
\echo :version applied
\endif
commit;
