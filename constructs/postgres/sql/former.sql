-- Ends the passwords of users that no secret names any more: :overlap after the rotation, and then for good.
-- :users are those that secrets name, :roles the roles that each have two, both separated by blanks.
\set ON_ERROR_STOP on
\set VERBOSITY default
set client_min_messages = warning;
set lock_timeout = '10s';

-- The first time that a user is seen here. After its end a pooler that asks for the password, and not for its end, would
-- still let it in: then there is none any more.
with former as (
  select rolname as login, coalesce(rolvaliduntil, 'infinity') as ends, now() + :'overlap'::interval as latest
  from unnest(string_to_array(:'roles', ' ')) as role, unnest(array[role || '_a', role || '_b']) as login
  join pg_roles on rolname = login
  where login <> all (string_to_array(:'users', ' '))
)
select format('alter role %I valid until %L', login, latest), format('select %L', format('the password of %s ends at %s', login, latest))
from former where ends > latest
union all
select format('alter role %I password null valid until ''-infinity''', login), format('select %L', format('the password of %s has ended', login))
from former where ends <= now() and ends > '-infinity' \gexec
