-- The database, its three roles, and the users that sign in as them. Run by an administrator who may create roles and
-- databases and need not be superuser, signed in to any database; what is there already is left alone.
-- :database, :migrator, :writer, :reader are names; :migrator_user and so on are those of the secrets.
\set ON_ERROR_STOP on
\set VERBOSITY default
set client_min_messages = warning;
set lock_timeout = '2min';
-- Roles belong to the whole server: runners come one after the other, here by database, those of other databases elsewhere.
select pg_advisory_lock(hashtext('roles')) \g /dev/null

-- Statements are written by the server, which quotes names, and run one by one.
select format('create role %I nologin', role)
from unnest(array[:'migrator', :'writer', :'reader']) as role
where not exists (select from pg_roles where rolname = role) \gexec

-- Rights of a role are handed on by its members: of one that it created, an administrator becomes one (PostgreSQL 16 and newer).
select format('grant %I to current_user', :'migrator')
where not pg_has_role(current_user, :'migrator', 'usage') \gexec

select format('create role %I login', login)
from unnest(array[:'migrator_user', :'writer_user', :'reader_user']) as login
where not exists (select from pg_roles where rolname = login) \gexec

select format('grant %I to %I', role, login)
from (values (:'migrator', :'migrator_user'), (:'writer', :'writer_user'), (:'reader', :'reader_user')) as pairs (role, login)
where not exists (
  select from pg_auth_members
  where roleid = (select oid from pg_roles where rolname = role) and member = (select oid from pg_roles where rolname = login)
) \gexec

-- The migrator may see and end sessions of users who hold a lock that others wait for and don't answer any more.
select format('grant %I to %I', rolname, :'migrator')
from pg_roles
where rolname in (:'writer' || '_a', :'writer' || '_b', :'reader' || '_a', :'reader' || '_b')
  and not exists (
    select from pg_auth_members where roleid = pg_roles.oid and member = (select oid from pg_roles where rolname = :'migrator')
  ) \gexec

-- And the administrator those of all, to end the sessions of users that may sign in no more.
select format('grant %I to current_user', rolname)
from pg_roles, unnest(array[:'migrator', :'writer', :'reader']) as role
where rolname in (role || '_a', role || '_b') and not pg_has_role(current_user, oid, 'usage') \gexec

-- Each acts as its role from the start, so that what one user makes is not out of the other's reach. What holds up all
-- others is bounded by the server, whatever the client: a transaction that was forgotten, a statement or a connection
-- whose client is gone (within a minute).
with settings (login, setting, value) as (values
  (:'migrator_user', 'role', :'migrator'),
  (:'writer_user', 'role', :'writer'),
  (:'reader_user', 'role', :'reader'),
  (:'migrator_user', 'idle_in_transaction_session_timeout', '5min'),
  (:'writer_user', 'idle_in_transaction_session_timeout', '60s'),
  (:'reader_user', 'default_transaction_read_only', 'on')
), of_all (setting, value) as (values
  ('client_connection_check_interval', '10s'),
  ('tcp_keepalives_idle', '30s'),
  ('tcp_keepalives_interval', '10s'),
  ('tcp_keepalives_count', '3')
)
select format('alter role %I set %s = %L', login, setting, value)
from (
  select * from settings
  union all
  select login, setting, value from unnest(array[:'migrator_user', :'writer_user', :'reader_user']) as login, of_all
) as each_one
where not exists (
  select from pg_db_role_setting as has
  where has.setdatabase = 0 and has.setrole = (select oid from pg_roles where rolname = login)
    and setting || '=' || value = any (has.setconfig)
) \gexec

-- One that is in use again after a rotation.
select format('alter role %I valid until ''infinity''', rolname)
from pg_roles
where rolname in (:'migrator_user', :'writer_user', :'reader_user') and rolvaliduntil < 'infinity' \gexec

select format('create database %I', :'database')
where not exists (select from pg_database where datname = :'database') \gexec

\connect :"database"
set client_min_messages = warning;
set lock_timeout = '2min';
begin;
select pg_advisory_xact_lock(hashtext('roles')) \g /dev/null

-- What everybody has on a new database: signing in, temporary tables, and before PostgreSQL 15 tables in public.
revoke all on database :"database" from public;
revoke all on schema public from public;

grant connect, temporary, create on database :"database" to :"migrator";
grant connect, temporary on database :"database" to :"writer";
grant connect on database :"database" to :"reader";
grant usage, create on schema public to :"migrator";
grant usage on schema public to :"writer", :"reader";

-- Whatever the migrator makes later. Not what is there: a table may have taken rights away again.
alter default privileges for role :"migrator" grant usage on schemas to :"writer", :"reader";
alter default privileges for role :"migrator" grant select, insert, update, delete on tables to :"writer";
alter default privileges for role :"migrator" grant usage, select on sequences to :"writer";
alter default privileges for role :"migrator" grant select on tables to :"reader";
alter default privileges for role :"migrator" grant select on sequences to :"reader";

-- Of rights that are not one's to give or take PostgreSQL only warns.
select set_config('roles.migrator', :'migrator', true) \g /dev/null
do $$
begin
  if has_database_privilege('public', current_database(), 'connect')
    or has_schema_privilege('public', 'public', 'create')
    or not has_database_privilege(current_setting('roles.migrator'), current_database(), 'create')
    or not has_schema_privilege(current_setting('roles.migrator'), 'public', 'create')
  then
    raise exception '% may not change the rights on database % and its schema public', current_user, current_database()
      using hint = format('alter database %I owner to %I, and in it alter schema public owner to pg_database_owner', current_database(), current_user);
  end if;
end $$;
commit;
