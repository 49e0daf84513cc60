-- Who projects what, how far it is, and which read model is live. Run by the migrator; :"writer" and :"reader" are the
-- roles of those who use it. No state of a session is used, and no clock but the database's.

create schema projections;

comment on schema projections is 'Partitions of projections: one writer each, checkpoints, slots of read models. docs/projections.md tells how workers use it.';

-- The last token that was given. Never counted back, so that a slot that is begun anew gives none again.
create sequence projections.tokens;

-- Whether a projection may be called so. The schema of what is live has its name, which is no other schema's, nor a slot's.
create function projections.is_name(projection text) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp as $$
  select $1 ~ '^[a-z][a-z0-9_]{0,59}$' and $1 !~ '_[ab]$' and $1 !~ '^pg_' and $1 not in ('public', 'projections', 'information_schema')
$$;

-- A projection, and the slot of its read model that is read.
create table projections.read_models (
  projection  text primary key,
  live        text not null,
  switched_at timestamptz not null default clock_timestamp(),
  constraint read_models_projection check (projections.is_name(projection))
);

create table projections.slots (
  projection text not null,
  slot       text not null,
  -- Chosen once: another number would deal events out anew, some to a partition that is past them.
  partitions integer not null,
  -- The last position of the event store that a worker saw, and when.
  head       bigint,
  seen_at    timestamptz,
  begun_at   timestamptz not null default clock_timestamp(),
  primary key (projection, slot),
  constraint slots_slot check (slot in ('a', 'b')),
  constraint slots_partitions check (partitions between 1 and 10000)
);

create table projections.partitions (
  projection  text not null,
  slot        text not null,
  partition   integer not null,
  -- Everything up to here is in the read model; null is the beginning.
  position    bigint,
  -- Of the claim that was granted last. Whoever shows an older one writes no more.
  token       bigint not null default 0,
  owner       text,
  lease       interval,
  lease_until timestamptz not null default '-infinity',
  advanced_at timestamptz,
  primary key (projection, slot, partition),
  foreign key (projection, slot) references projections.slots on delete cascade
) with (fillfactor = 50); -- rows change all the time, and find room for it on their page

-- Which partitions a worker owns, of all workers: each partition has one owner at any number of workers.
create function projections.owned(worker integer, workers integer, partitions integer) returns setof integer
  language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if (worker >= 0 and workers > worker and partitions > 0) is not true then
    raise exception 'worker % of % has no part of % partitions', worker, workers, partitions
      using errcode = 'invalid_parameter_value', hint = 'workers are counted from 0';
  end if;
  return query select generate_series(worker, partitions - 1, workers);
end $$;

-- To which partition a key belongs, of an aggregate for example: the first four bytes of its SHA-256, which every
-- language finds alike, modulo the number of partitions.
create function projections.partition_of(key text, partitions integer) returns integer
  language sql immutable strict set search_path = pg_catalog, pg_temp as $$
  select (('x' || left(encode(sha256(convert_to(key, 'UTF8')), 'hex'), 8))::bit(32)::bigint & 4294967295) % partitions
$$;

-- Registers a slot with its number of partitions, or looks whether it is the same. The first slot of a projection is live.
create function projections.begin(projection text, slot text, partitions integer) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  found_partitions integer;
begin
  if projections.is_name("begin".projection) is not true then
    raise exception 'begin: % is no name of a projection', coalesce("begin".projection, 'null') using errcode = 'invalid_parameter_value',
      hint = 'use up to 60 lower-case letters, digits and _, beginning with a letter and not ending in _a or _b';
  end if;
  if ("begin".slot in ('a', 'b')) is not true then
    raise exception 'begin: % has no slot %', "begin".projection, coalesce("begin".slot, 'null')
      using errcode = 'invalid_parameter_value', hint = 'use a or b';
  end if;
  if ("begin".partitions between 1 and 10000) is not true then
    raise exception 'begin: %/% can''t have % partitions', "begin".projection, "begin".slot, coalesce("begin".partitions::text, 'null')
      using errcode = 'invalid_parameter_value', hint = 'use 1 to 10000';
  end if;
  insert into projections.read_models (projection, live) values ("begin".projection, "begin".slot) on conflict do nothing;
  insert into projections.slots (projection, slot, partitions) values ("begin".projection, "begin".slot, "begin".partitions)
    on conflict do nothing;
  if found then
    insert into projections.partitions (projection, slot, partition)
    select "begin".projection, "begin".slot, number from generate_series(0, "begin".partitions - 1) as number;
  end if;
  select partitions into found_partitions from projections.slots where projection = "begin".projection and slot = "begin".slot;
  if found_partitions <> "begin".partitions then
    raise exception '%/% has % partitions, not %', "begin".projection, "begin".slot, found_partitions, "begin".partitions
      using errcode = 'PJ003', hint = 'for another number the read model is built anew, in the other slot';
  end if;
end $$;

-- A partition that is not there is a mistake of who asks, not somebody else's.
create function projections.expect(projection text, slot text, partition integer) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if not exists (select from projections.partitions
                 where projection = expect.projection and slot = expect.slot and partition = expect.partition) then
    raise exception '%/% has no partition %', expect.projection, expect.slot, coalesce(expect.partition::text, 'null')
      using errcode = 'no_data_found', hint = 'begin a slot with its number of partitions first; they are counted from 0';
  end if;
end $$;

-- A claim of a partition for as long as the lease: its token and its position; no row while it is another's, or while a
-- transaction that holds it is open. The same owner claims anew at any time; its earlier token is void then.
create function projections.claim(projection text, slot text, partition integer, owner text, lease interval)
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

-- Makes a lease as long again. False where the token is not the newest: whoever is told so stops.
create function projections.renew(projection text, slot text, partition integer, token bigint) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  update projections.partitions set lease_until = clock_timestamp() + lease
    where projection = renew.projection and slot = renew.slot and partition = renew.partition
      and token = renew.token and owner is not null;
  return found;
end $$;

-- Gives a partition back, for the next owner to claim at once. False where the token is not the newest.
create function projections.release(projection text, slot text, partition integer, token bigint) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  -- Without an owner no token is any good: what was begun with this one ends here.
  update projections.partitions set owner = null, lease = null, lease_until = '-infinity'
    where projection = release.projection and slot = release.slot and partition = release.partition
      and token = release.token and owner is not null;
  return found;
end $$;

-- Keeps a partition for this transaction: until it ends, nobody claims it. Refused where the token is not the newest.
create function projections.hold(projection text, slot text, partition integer, token bigint) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  held projections.partitions;
begin
  select * into held from projections.partitions
    where projection = hold.projection and slot = hold.slot and partition = hold.partition
    for no key update;
  if not found then
    perform projections.expect(hold.projection, hold.slot, hold.partition);
  end if;
  if held.token is distinct from hold.token or held.owner is null then
    raise exception '%/% partition %: token % is not the newest', hold.projection, hold.slot, hold.partition, coalesce(hold.token::text, 'null')
      using errcode = 'PJ001', hint = 'somebody else may have it: roll back, stop, and claim it anew';
  end if;
end $$;

-- Moves a checkpoint in the transaction that writes the read model, and makes the lease as long again. Refused where the
-- token is not the newest, or the checkpoint is not where the events that were projected begin.
create function projections.advance(projection text, slot text, partition integer, token bigint, from_position bigint, to_position bigint)
  returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  checkpoint bigint;
begin
  perform projections.hold(advance.projection, advance.slot, advance.partition, advance.token);
  select position into checkpoint from projections.partitions
    where projection = advance.projection and slot = advance.slot and partition = advance.partition;
  if checkpoint is distinct from from_position then
    raise exception '%/% partition % is at %, not at %', advance.projection, advance.slot, advance.partition,
      coalesce(checkpoint::text, 'the beginning'), coalesce(from_position::text, 'the beginning')
      using errcode = 'PJ002', hint = 'roll back, and go on from where it is';
  end if;
  if (to_position > coalesce(from_position, to_position - 1)) is not true then
    raise exception '%/% partition %: % is not after %', advance.projection, advance.slot, advance.partition,
      coalesce(to_position::text, 'null'), coalesce(from_position::text, 'the beginning')
      using errcode = 'invalid_parameter_value', hint = 'a checkpoint only moves on';
  end if;
  update projections.partitions
    set position = to_position, advanced_at = clock_timestamp(), lease_until = clock_timestamp() + lease
    where projection = advance.projection and slot = advance.slot and partition = advance.partition;
end $$;

-- Tells the last position of the event store. A hint: who meets another who tells it goes on.
create function projections.seen(projection text, slot text, head bigint) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform from projections.slots where projection = seen.projection and slot = seen.slot for no key update skip locked;
  if found then
    update projections.slots set head = seen.head, seen_at = clock_timestamp()
      where projection = seen.projection and slot = seen.slot;
  end if;
end $$;

-- The slot that is read; null where nothing was begun.
create function projections.live(projection text) returns text
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select live from projections.read_models where projection = $1
$$;

-- Each partition: how far it is, and how many positions behind.
create view projections.progress as
  select projection, slot, slot = live as live, partition, position, head,
         -- Not 0 where nobody told the head: greatest() passes over null.
         case when head is not null then greatest(0, head - coalesce(position, -1)) end as behind,
         case when lease_until > clock_timestamp() then owner end as owner, advanced_at, seen_at
  from projections.partitions
  join projections.slots using (projection, slot)
  join projections.read_models using (projection);

-- Each slot as a whole: the partition that is furthest behind counts. Degraded too where nobody looked for a minute, as
-- nobody knows then how far it is behind.
create function projections.health(tolerated bigint default 1000)
  returns table (projection text, slot text, live boolean, state text, behind bigint, "position" bigint, head bigint,
                 partitions bigint, owned bigint, advanced_at timestamptz, seen_at timestamptz)
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select projection, slot, live,
         case when max(behind) < tolerated and max(seen_at) > clock_timestamp() - interval '1 minute' then 'healthy' else 'degraded' end,
         max(behind), case when count(position) = count(*) then min(position) end, max(head),
         count(*), count(owner), max(advanced_at), max(seen_at)
  from projections.progress
  group by projection, slot, live
  order by projection, slot
$$;

-- Shows the relations of the live slot, orders_a or orders_b, as views in the schema orders, and how many there are.
-- None where the read model is elsewhere. Run by whoever owns the slot's schema.
create function projections.publish(projection text) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  slot text := projections.live(publish.projection);
  source text := publish.projection || '_' || slot;
  relation name;
  grantee name;
  shown integer := 0;
begin
  if to_regnamespace(source) is null then
    return 0;
  end if;
  if to_regnamespace(publish.projection) is null then
    execute format('create schema %I', publish.projection);
  end if;
  for relation in
    select relname from pg_class where relnamespace = to_regnamespace(publish.projection) and relkind = 'v'
      and relname not in (select relname from pg_class where relnamespace = to_regnamespace(source) and relkind in ('r', 'p', 'v', 'm', 'f'))
  loop
    execute format('drop view %I.%I', publish.projection, relation);
  end loop;
  for relation in
    select relname from pg_class where relnamespace = to_regnamespace(source) and relkind in ('r', 'p', 'v', 'm', 'f') order by relname
  loop
    begin
      execute format('create or replace view %I.%I as select * from %I.%I', publish.projection, relation, source, relation);
    exception when invalid_table_definition then
      -- Of another shape. What somebody built on it stops this, and so the switch.
      execute format('drop view %I.%I', publish.projection, relation);
      execute format('create view %I.%I as select * from %I.%I', publish.projection, relation, source, relation);
    end;
    -- Writers write their slot, never what is live by chance.
    for grantee in
      select distinct pg_get_userbyid(held.grantee) from pg_class, aclexplode(relacl) as held
      where relnamespace = to_regnamespace(publish.projection) and relname = relation
        and held.grantee not in (0, relowner) and held.privilege_type <> 'SELECT'
    loop
      execute format('revoke insert, update, delete, truncate, references, trigger on %I.%I from %I', publish.projection, relation, grantee);
    end loop;
    shown := shown + 1;
  end loop;
  return shown;
end $$;

-- Whether nothing that is read in one slot is missing in another: its last partition is where the first of the other is.
create function projections.lacks(projection text, slot text, target bigint) returns bigint
  language sql volatile set search_path = pg_catalog, pg_temp as $$
  select greatest(0, target - min(coalesce(position, -1))) from projections.partitions where projection = $1 and slot = $2
$$;

create function projections.reached(projection text, slot text) returns bigint
  language sql volatile set search_path = pg_catalog, pg_temp as $$
  select max(coalesce(position, -1)) from projections.partitions where projection = $1 and slot = $2
$$;

-- Makes a slot the one that is read, in one step for all who read, and tells how many views show it. It waits until the
-- slot is where the live one was; then the live one stands still, for ten seconds at most, until the slot has the rest.
-- Forced, it does not look: for when the live one is wrong. Run by whoever owns the slots' schemas.
create function projections.switch(projection text, slot text, within interval default '30 seconds', forced boolean default false)
  returns integer
  language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '30s' as $$
#variable_conflict use_column
declare
  before text;
  target bigint;
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
    target := projections.reached(switch.projection, before);
    while projections.lacks(switch.projection, switch.slot, target) > 0 loop
      if clock_timestamp() > deadline then
        raise exception '%/% is % behind %/%', switch.projection, switch.slot,
          projections.lacks(switch.projection, switch.slot, target), switch.projection, before
          using errcode = 'PJ004', hint = 'wait until it has caught up; projections.progress shows how far it is';
      end if;
      perform pg_sleep(0.05);
    end loop;
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
  update projections.read_models set live = switch.slot, switched_at = clock_timestamp() where projection = switch.projection;
  return projections.publish(switch.projection);
end $$;

-- Forgets a slot and deletes its schema with everything in it. Refused where it is live, or somebody projects into it.
create function projections.drop(projection text, slot text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '30s' as $$
#variable_conflict use_column
declare
  live text;
  busy text;
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
  delete from projections.slots where projection = "drop".projection and slot = "drop".slot;
  execute format('drop schema if exists %I cascade', "drop".projection || '_' || "drop".slot);
end $$;

revoke all on schema projections from public;
revoke all on all tables in schema projections from public, :"writer", :"reader";
revoke all on all sequences in schema projections from public, :"writer", :"reader";
revoke all on all functions in schema projections from public;

grant usage on schema projections to :"writer", :"reader";
grant select on projections.progress to :"writer", :"reader";
grant execute on function projections.owned(integer, integer, integer), projections.partition_of(text, integer),
  projections.live(text), projections.health(bigint) to :"writer", :"reader";
grant execute on function projections.begin(text, text, integer), projections.claim(text, text, integer, text, interval),
  projections.renew(text, text, integer, bigint), projections.release(text, text, integer, bigint),
  projections.hold(text, text, integer, bigint),
  projections.advance(text, text, integer, bigint, bigint, bigint), projections.seen(text, text, bigint) to :"writer";
