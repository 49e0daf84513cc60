-- Ends the sessions of users that no secret names any more, in every database. :users and :roles as in former.sql.
\set ON_ERROR_STOP on
\set VERBOSITY default
with former as materialized (
  select pid, usename
  from pg_stat_activity, unnest(string_to_array(:'roles', ' ')) as role
  where usename in (role || '_a', role || '_b') and usename <> all (string_to_array(:'users', ' '))
)
select format(case when pg_terminate_backend(pid, 5000) then 'ended session %s of %s' else 'session %s of %s has not ended yet' end, pid, usename)
from former;
