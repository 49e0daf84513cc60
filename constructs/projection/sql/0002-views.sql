-- Views of a slot in a schema of their own, which take the place of those that are read by the renaming of two schemas: that
-- waits for no reader and stops none. And what is known of a read model whose event store was restored.

-- Numbers of the schemas that were read before: orders$1.
create sequence projections.replaced;

-- Slots that are ahead of their event store: since when, by what its end was told to be, and whether that was told again.
-- A row stays until its slot is deleted. No foreign key: to make one, it would have to wait for who uses slots.
create table projections.ahead (
  projection text not null,
  slot       text not null,
  head       bigint not null,
  since      timestamptz not null default clock_timestamp(),
  confirmed  boolean not null default false,
  primary key (projection, slot)
);

-- Sessions that read relations of these schemas in a transaction, and for how long they have been doing nothing in it.
create function projections.readers(schemas name[]) returns table (pid integer, who name, since timestamptz, idle interval)
  language sql volatile set search_path = pg_catalog, pg_temp as $$
  select pid, usename, xact_start,
         case when state in ('idle in transaction', 'idle in transaction (aborted)') then clock_timestamp() - state_change end
  from pg_stat_activity
  where pid <> pg_backend_pid() and backend_type = 'client backend' and pid in (
    select pid from pg_locks
    join pg_database on pg_database.oid = database and datname = current_database()
    join pg_class on pg_class.oid = relation
    join pg_namespace on pg_namespace.oid = relnamespace and nspname = any (schemas))
$$;

-- Waits until nobody reads these schemas any more, for at most so long. Readers that have done nothing for ten seconds in
-- a transaction are ended; those that work are not. Tells whom it ended, and who is still there.
create function projections.clear(schemas name[], within interval) returns table (message text, reads boolean)
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  deadline timestamptz := clock_timestamp() + within;
  reader record;
begin
  reads := false;
  loop
    perform pg_stat_clear_snapshot();
    for reader in select * from projections.readers(schemas) where idle > interval '10 seconds' and pg_has_role(who, 'usage') loop
      perform pg_terminate_backend(reader.pid, 1000);
      message := format('ended session %s of %s, which had done nothing for %s in a transaction that reads %s',
                        reader.pid, reader.who, date_trunc('second', reader.idle), array_to_string(schemas, ', '));
      return next;
    end loop;
    perform pg_stat_clear_snapshot();
    exit when clock_timestamp() > deadline or not exists (select from projections.readers(schemas));
    perform pg_sleep(0.5);
  end loop;
  reads := true;
  for reader in select * from projections.readers(schemas) loop
    message := format('session %s of %s still reads %s, in a transaction since %s',
                      reader.pid, reader.who, array_to_string(schemas, ', '), coalesce(reader.since::text, 'a time that is hidden'));
    return next;
  end loop;
end $$;

-- Schemas of views that a projection was read by before.
create function projections.replaced_schemas(projection text) returns name[]
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(nspname order by nspname), '{}') from pg_namespace
  where starts_with(nspname, left($1, 43) || '$') and substr(nspname, length(left($1, 43)) + 2) ~ '^[0-9]+$'
$$;

-- Views of a schema that don't show the relation of their name in the source with all of its columns: of another shape,
-- or of another slot, or of one that is gone.
create function projections.other_views(shown text, source text) returns setof oid
  language sql volatile set search_path = pg_catalog, pg_temp as $$
  with columns as (
    select attrelid, array_agg((attname, atttypid, atttypmod, attcollation)::text order by attnum) as shape
    from pg_attribute where attnum > 0 and not attisdropped group by attrelid
  )
  select one.oid from pg_class as one
  where one.relnamespace = to_regnamespace(shown) and one.relkind = 'v' and not exists (
    select from pg_class as of
    where of.relnamespace = to_regnamespace(source) and of.relname = one.relname and of.relkind in ('r', 'p', 'v', 'm', 'f')
      and (select shape from columns where attrelid = one.oid) is not distinct from (select shape from columns where attrelid = of.oid)
      and exists (select from pg_rewrite join pg_depend on classid = 'pg_rewrite'::regclass and objid = pg_rewrite.oid
                  where ev_class = one.oid and refclassid = 'pg_class'::regclass and refobjid = of.oid))
$$;

-- Makes the views of relations of the source that a schema does not show yet. Rights on what is read under the same name
-- are handed on; what is new is read by those who read by default, and written by nobody.
create function projections.make_views(schema name, source text, "like" text) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  relation name;
  before oid;
  held record;
  made integer := 0;
begin
  for relation in
    select relname from pg_class as of
    where relnamespace = to_regnamespace(source) and relkind in ('r', 'p', 'v', 'm', 'f')
      and not exists (select from pg_class as one where one.relnamespace = to_regnamespace(make_views.schema) and one.relname = of.relname)
    order by relname
  loop
    before := (select oid from pg_class where relnamespace = to_regnamespace("like") and relname = relation and relkind = 'v');
    execute format('create view %I.%I as select * from %I.%I', schema, relation, source, relation);
    for held in
      select distinct rights.grantee, case when rights.grantee = 0 then 'public' else format('%I', pg_get_userbyid(rights.grantee)) end as name
      from pg_class, aclexplode(relacl) as rights
      where relnamespace = to_regnamespace(make_views.schema) and relname = relation and rights.grantee <> relowner
    loop
      execute format('revoke %s on %I.%I from %s', case when before is null then 'insert, update, delete, truncate, references, trigger' else 'all' end,
                     schema, relation, held.name);
    end loop;
    for held in
      select case when rights.grantee = 0 then 'public' else format('%I', pg_get_userbyid(rights.grantee)) end as name, only_column
      from (
        select rights.grantee, null::name as only_column from pg_class, aclexplode(relacl) as rights
        where pg_class.oid = before and rights.privilege_type = 'SELECT' and rights.grantee <> relowner
        union all
        select rights.grantee, attname from pg_attribute, aclexplode(attacl) as rights
        where attrelid = before and not attisdropped and rights.privilege_type = 'SELECT'
          and exists (select from pg_attribute as still
                      where still.attrelid = to_regclass(format('%I.%I', make_views.schema, relation)) and still.attname = pg_attribute.attname)
      ) as rights
    loop
      execute format('grant select%s on %I.%I to %s', '(' || quote_ident(held.only_column) || ')', schema, relation, held.name);
    end loop;
    made := made + 1;
  end loop;
  return made;
end $$;

-- What would go on reading the slot of before after a switch, or go away with its views: what others built on views of
-- the schema, or keep in it.
create function projections.bound_to(shown text) returns text
  language sql volatile set search_path = pg_catalog, pg_temp as $$
  with views as (
    select pg_class.oid, reltype from pg_class where relnamespace = to_regnamespace(shown) and relkind = 'v'
  ), built as (
    select distinct pg_describe_object(classid, objid, 0) as what from pg_depend
    where deptype in ('n', 'a') and (refclassid = 'pg_class'::regclass and refobjid in (select oid from views)
                                  or refclassid = 'pg_type'::regclass and refobjid in (select reltype from views))
      and not (classid = 'pg_rewrite'::regclass and exists (select from pg_rewrite where pg_rewrite.oid = objid and ev_class in (select oid from views)))
      and classid <> 'pg_default_acl'::regclass
  ), kept as (
    select pg_describe_object(classid, objid, 0) as what from pg_depend
    where deptype = 'n' and refclassid = 'pg_namespace'::regclass and refobjid = to_regnamespace(shown)
      and not (classid = 'pg_class'::regclass and objid in (select oid from views))
      and classid <> 'pg_default_acl'::regclass
  )
  select string_agg(what, ', ' order by what) from (select what from built union select what from kept) as found
$$;

-- Shows the relations of the live slot, orders_a or orders_b, as views in the schema orders, and tells how many there are.
-- A view that shows what it should is not touched, and a further one is made beside it. Where one must be another, all are
-- made in a further schema, which then takes the name: no lock that a reader could hold is waited for.
-- None where the read model is elsewhere. Run by whoever owns the slot's schema.
create or replace function projections.publish(projection text) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
#variable_conflict use_variable
declare
  source text := projection || '_' || projections.live(projection);
  fresh name;
  bound text;
  held record;
begin
  if to_regnamespace(source) is null then
    return 0;
  end if;
  if to_regnamespace(projection) is null then
    execute format('create schema %I', projection);
  end if;
  if not exists (select from projections.other_views(projection, source)) then
    perform projections.make_views(projection, source, projection);
  else
    bound := projections.bound_to(projection);
    if bound is not null then
      raise exception '%: schema % is also used by %, which would be left behind', projection, projection, bound
        using errcode = 'dependent_objects_still_exist',
              hint = format('drop it, or move it and have it read tables of a slot, as %I', source);
    end if;
    fresh := left(projection, 43) || '$' || nextval('projections.replaced');
    execute format('create schema %I', fresh);
    for held in
      select case when rights.grantee = 0 then 'public' else format('%I', pg_get_userbyid(rights.grantee)) end as name
      from pg_namespace, aclexplode(nspacl) as rights
      where nspname = projection and rights.privilege_type = 'USAGE' and rights.grantee <> nspowner
    loop
      execute format('grant usage on schema %I to %s', fresh, held.name);
    end loop;
    perform projections.make_views(fresh, source, projection);
    execute format('alter schema %I rename to %I', projection, left(projection, 43) || '$' || nextval('projections.replaced'));
    execute format('alter schema %I rename to %I', fresh, projection);
  end if;
  return (select count(*) from pg_class where relnamespace = to_regnamespace(projection) and relkind = 'v');
end $$;

-- Deletes the views that were read before, once nobody reads them any more; what it can't delete the next call does. They
-- are in nobody's way but of who changes the tables of their slot. Tells what it did and who is in the way.
create function projections.tidy(projection text) returns setof text
  language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '2s' set client_min_messages = warning as $$
declare
  schemas name[] := projections.replaced_schemas(projection);
  schema name;
begin
  if schemas = '{}' then
    return;
  end if;
  return query select message from projections.clear(schemas, '15 seconds');
  foreach schema in array schemas loop
    begin
      execute format('drop schema %I cascade', schema);
    exception when lock_not_available then
      return next format('%s, with views that were read before, is still read; the next job deletes it', schema);
    end;
  end loop;
end $$;

-- Makes a slot the one that is read, in one step for all who read, and tells how many views show it. It waits until the
-- slot is where the live one was; then the live one stands still, for ten seconds at most, until the slot has the rest.
-- Of a live one that is ahead of the event store nothing is waited for but the end of the store.
-- Forced, it does not look: for when the live one is wrong. Run by whoever owns the slots' schemas.
create or replace function projections.switch(projection text, slot text, within interval default '30 seconds', forced boolean default false)
  returns integer
  language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
#variable_conflict use_column
declare
  before text;
  target bigint;
  is_ahead boolean;
  deadline timestamptz := clock_timestamp() + within;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'switch: a transaction that is % sees nobody catch up', current_setting('transaction_isolation')
      using errcode = 'invalid_transaction_state', hint = 'use read committed';
  end if;
  select live into before from projections.read_models where projection = switch.projection for update;
  if not exists (select from projections.slots where projection = switch.projection and slot = switch.slot) then
    raise exception '%/% was never begun', switch.projection, switch.slot
      using errcode = 'no_data_found', hint = 'deploy its workers first';
  end if;
  if before = switch.slot then
    return projections.publish(switch.projection);
  end if;
  if not forced then
    if exists (select from projections.ahead where projection = switch.projection and slot = switch.slot) then
      raise exception '%/% is ahead of its event store', switch.projection, switch.slot
        using errcode = 'PJ004', hint = 'delete it and build it again';
    end if;
    is_ahead := exists (select from projections.ahead where projection = switch.projection and slot = before);
    if is_ahead then
      target := (select head from projections.slots where projection = switch.projection and slot = switch.slot);
      if target is null then
        raise exception '%/%: no worker has told the end of the event store', switch.projection, switch.slot
          using errcode = 'PJ004', hint = 'wait until one calls projections.seen';
      end if;
    else
      target := projections.reached(switch.projection, before);
    end if;
    while projections.lacks(switch.projection, switch.slot, target) > 0 loop
      if clock_timestamp() > deadline then
        raise exception '%/% is % behind %', switch.projection, switch.slot, projections.lacks(switch.projection, switch.slot, target),
          case when is_ahead then 'the event store' else switch.projection || '/' || before end
          using errcode = 'PJ004', hint = 'wait until it has caught up; projections.progress shows how far it is';
      end if;
      perform pg_sleep(0.05);
    end loop;
    if not is_ahead then
      perform from projections.partitions where projection = switch.projection and slot = before order by partition for no key update;
      target := projections.reached(switch.projection, before);
      deadline := clock_timestamp() + interval '10 seconds';
      while projections.lacks(switch.projection, switch.slot, target) > 0 loop
        if clock_timestamp() > deadline then
          raise exception '%/% does not get as far as %/%, which stood still: % are missing', switch.projection, switch.slot,
            switch.projection, before, projections.lacks(switch.projection, switch.slot, target)
            using errcode = 'PJ004', hint = 'look whether a worker owns each of its partitions, and moves it on past events that are not its own';
        end if;
        perform pg_sleep(0.05);
      end loop;
    end if;
  end if;
  update projections.read_models set live = switch.slot, switched_at = clock_timestamp() where projection = switch.projection;
  return projections.publish(switch.projection);
end $$;

-- Forgets a slot and deletes its schema with everything in it. Refused where it is live, somebody projects into it, or
-- somebody still works with what it is read by.
create or replace function projections.drop(projection text, slot text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '5s' set client_min_messages = warning as $$
#variable_conflict use_column
declare
  schemas name[] := projections.replaced_schemas("drop".projection) || ("drop".projection || '_' || "drop".slot)::name;
  live text;
  busy text;
  reader record;
  schema name;
begin
  select r.live into live from projections.read_models as r where r.projection = "drop".projection for update;
  if live = "drop".slot then
    raise exception '%/% is live', "drop".projection, "drop".slot using errcode = 'PJ004', hint = 'switch to the other slot first';
  end if;
  perform from projections.partitions where projection = "drop".projection and slot = "drop".slot order by partition for update;
  select min(owner) into busy from projections.partitions
    where projection = "drop".projection and slot = "drop".slot and lease_until > clock_timestamp();
  if busy is not null then
    raise exception '%/% is projected into by %', "drop".projection, "drop".slot, busy
      using errcode = 'PJ004', hint = 'take its workers away first';
  end if;
  for reader in select * from projections.clear(schemas, '15 seconds') loop
    if reader.reads then
      raise exception '%/%: %', "drop".projection, "drop".slot, reader.message
        using errcode = 'PJ004', hint = 'wait for it, or end it with pg_terminate_backend';
    end if;
    raise warning '%', reader.message;
  end loop;
  delete from projections.slots where projection = "drop".projection and slot = "drop".slot;
  delete from projections.ahead where projection = "drop".projection and slot = "drop".slot;
  foreach schema in array schemas loop
    execute format('drop schema if exists %I cascade', schema);
  end loop;
end $$;

-- Tells the last position of the event store. A hint: who meets another who tells it goes on.
-- What was committed a second ago is in the event store, unless that was restored: then the slot is ahead of it, and when
-- that is told again after five seconds, and of what is ten seconds old, it stays so until it is deleted and built again.
-- One that was slow to tell what it had read is contradicted by the next.
create or replace function projections.seen(projection text, slot text, head bigint) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  reached bigint;
  long_since bigint;
begin
  perform from projections.slots where projection = seen.projection and slot = seen.slot for no key update skip locked;
  if not found then
    return;
  end if;
  update projections.slots set head = seen.head, seen_at = clock_timestamp()
    where projection = seen.projection and slot = seen.slot;
  select max(position) filter (where advanced_at < clock_timestamp() - interval '1 second'),
         max(position) filter (where advanced_at < clock_timestamp() - interval '10 seconds')
    into reached, long_since
    from projections.partitions where projection = seen.projection and slot = seen.slot;
  if reached > seen.head then
    insert into projections.ahead (projection, slot, head) values (seen.projection, seen.slot, seen.head)
      on conflict (projection, slot) do update set confirmed = true
      where not ahead.confirmed and ahead.since < clock_timestamp() - interval '5 seconds' and long_since > seen.head;
  else
    delete from projections.ahead where projection = seen.projection and slot = seen.slot and not confirmed;
  end if;
end $$;

-- Each slot as a whole: the partition that is furthest behind counts. Degraded too where nobody looked for a minute, as
-- nobody knows then how far it is behind; ahead where it has events that its event store has not.
create or replace function projections.health(tolerated bigint default 1000)
  returns table (projection text, slot text, live boolean, state text, behind bigint, "position" bigint, head bigint,
                 partitions bigint, owned bigint, advanced_at timestamptz, seen_at timestamptz)
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select projection, slot, live,
         case when exists (select from projections.ahead as a where a.projection = p.projection and a.slot = p.slot) then 'ahead'
              when max(behind) < tolerated and max(seen_at) > clock_timestamp() - interval '1 minute' then 'healthy'
              else 'degraded' end,
         max(behind), case when count(position) = count(*) then min(position) end, max(head),
         count(*), count(owner), max(advanced_at), max(seen_at)
  from projections.progress as p
  group by projection, slot, live
  order by projection, slot
$$;

-- Ends workers that hold a partition in a transaction and have not gone on for a minute, where the server's own limit does
-- not see it: in the middle of what they send.
create function projections.end_frozen(since interval default '1 minute') returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_terminate_backend(pid)
  from pg_stat_activity
  where pid <> pg_backend_pid() and datname = current_database() and wait_event_type = 'Client'
    and greatest(query_start, state_change) < clock_timestamp() - since
    and pg_has_role(usename, 'usage')
    and pid in (select pid from pg_locks where relation = 'projections.partitions'::regclass and mode = 'RowShareLock'
                and database = (select oid from pg_database where datname = current_database()));
end $$;

create or replace function projections.claim(projection text, slot text, partition integer, owner text, lease interval)
  returns table (token bigint, "position" bigint)
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  found_one projections.partitions;
begin
  if coalesce(claim.owner, '') = '' then
    raise exception 'claim: an owner has a name' using errcode = 'invalid_parameter_value', hint = 'the name of its pod';
  end if;
  if (claim.lease between interval '1 second' and interval '1 hour') is not true then
    raise exception 'claim: a lease of % is refused', coalesce(claim.lease::text, 'null')
      using errcode = 'invalid_parameter_value', hint = 'use a second or more, and an hour at most';
  end if;
  select * into found_one from projections.partitions
    where projection = claim.projection and slot = claim.slot and partition = claim.partition
    for no key update skip locked;
  if not found then
    perform projections.expect(claim.projection, claim.slot, claim.partition);
    perform projections.end_frozen();
    return;
  end if;
  if found_one.owner <> claim.owner and found_one.lease_until > clock_timestamp() then
    return;
  end if;
  return query
    update projections.partitions
    set token = nextval('projections.tokens'), owner = claim.owner, lease = claim.lease,
        lease_until = clock_timestamp() + claim.lease
    where projection = claim.projection and slot = claim.slot and partition = claim.partition
    returning token, position;
end $$;

revoke all on projections.ahead from public, :"writer", :"reader";
revoke all on sequence projections.replaced from public, :"writer", :"reader";
revoke all on all functions in schema projections from public;
grant select on projections.ahead to :"writer", :"reader";
