-- Events and snapshots. Run by the migrator; :"writer" and :"reader" are the roles of those who use it.

create table public.events (
  -- The place of an event among all events. Numbers rise in the order of commits; some are missing (rolled back).
  position     bigint generated always as identity primary key,
  id           uuid not null default gen_random_uuid(),
  aggregate_id text not null,
  version      bigint not null,
  event_type   text not null,
  event_data   jsonb not null,
  metadata     jsonb not null default '{}',
  "timestamp"  timestamptz not null default now(),
  constraint events_id unique (id),
  -- Of two who decided on the same state, one is refused.
  constraint events_aggregate_version unique (aggregate_id, version),
  constraint events_version check (version >= 0),
  constraint events_aggregate_id check (aggregate_id <> ''),
  constraint events_event_type check (event_type <> '')
);

create index events_by_type on public.events (event_type, position);
create index events_by_time on public.events ("timestamp");

comment on table public.events is 'The system of record: append-only. Read by position with events_after(), written with append_events().';

-- The state of an aggregate at a version, so that not all its events need be read. Derived: it may be deleted, never changed.
create table public.snapshots (
  aggregate_id   text not null,
  aggregate_type text not null,
  snapshot_data  jsonb not null,
  version        bigint not null,
  "timestamp"    timestamptz not null default now(),
  primary key (aggregate_id, version),
  constraint snapshots_version check (version >= 0)
);

-- Whose turn it is to append. A transaction holds its one row from its first event until it ends, so that a position is
-- never seen before all lower ones are. An advisory lock would do as much, but everybody who may sign in can hold one.
create table public.events_turn (
  single boolean primary key default true check (single)
);
insert into public.events_turn default values;

create function public.take_turn() returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from public.events_turn for no key update;
  if not found then
    raise exception 'events_turn is empty, so that nothing orders those who append'
      using hint = 'insert into events_turn default values, as the owner';
  end if;
end $$;

-- Before the statement: positions are drawn for its rows, which come after.
create function public.events_take_turn() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform public.take_turn();
  return null;
end $$;

create trigger events_take_turn before insert on public.events
  for each statement execute function public.events_take_turn();

create function public.events_notify() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  last bigint := (select max(position) from appended);
begin
  if last is not null then
    perform pg_notify('events', last::text);
  end if;
  return null;
end $$;

create trigger events_notify after insert on public.events
  referencing new table as appended for each statement execute function public.events_notify();

create function public.refuse_change() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '% of % is refused: what was written stays', tg_op, tg_table_name
    using errcode = 'restrict_violation', hint = 'append an event that corrects it';
end $$;

create trigger events_append_only before update or delete or truncate on public.events
  for each statement execute function public.refuse_change();
create trigger snapshots_unchanged before update on public.snapshots
  for each statement execute function public.refuse_change();
-- Replication that is told to skip triggers skips these neither.
alter table public.events enable always trigger events_append_only;
alter table public.snapshots enable always trigger snapshots_unchanged;

-- Appends to an aggregate whose last event has the expected version; 0 where it has none. Events are a list of
-- {"type": …, "data": …} with "metadata" and "id" (a UUID, by which a repeated append is refused) where wanted.
create function public.append_events(aggregate text, expected_version bigint, events jsonb)
  returns table (id uuid, version bigint, "position" bigint)
  language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  current_version bigint;
begin
  if aggregate is null or aggregate = '' then
    raise exception 'append_events: an aggregate has a name' using errcode = 'invalid_parameter_value';
  end if;
  if expected_version is null or expected_version < 0 then
    raise exception 'append_events: % is no version to expect; use that of the last event, or 0 where there is none', coalesce(expected_version::text, 'null')
      using errcode = 'invalid_parameter_value';
  end if;
  if coalesce(jsonb_typeof(append_events.events) <> 'array', true) or jsonb_array_length(append_events.events) = 0 then
    raise exception 'append_events: events are a list with one event or more' using errcode = 'invalid_parameter_value';
  end if;
  if exists (select from jsonb_array_elements(append_events.events) as event
             where jsonb_typeof(event) <> 'object' or coalesce(event ->> 'type', '') = '' or not event ? 'data') then
    raise exception 'append_events: an event has a type and data' using errcode = 'invalid_parameter_value';
  end if;
  -- First, so that what is seen then is what was appended last.
  perform public.take_turn();
  select coalesce(max(e.version), 0) into current_version from public.events as e where e.aggregate_id = aggregate;
  if current_version <> expected_version then
    raise exception '% is at version %, not at %', aggregate, current_version, expected_version
      using errcode = 'unique_violation', constraint = 'events_aggregate_version',
            hint = 'somebody else was faster: read it again and decide anew';
  end if;
  return query
    insert into public.events (id, aggregate_id, version, event_type, event_data, metadata)
    select coalesce((event ->> 'id')::uuid, gen_random_uuid()), aggregate, expected_version + number,
           event ->> 'type', event -> 'data', coalesce(event -> 'metadata', '{}')
    from jsonb_array_elements(append_events.events) with ordinality as list (event, number)
    order by number
    returning id, version, position;
end $$;

-- The next events after a position, of which null is the beginning. What it returned last is where to go on from: no
-- event ever appears before a position that was seen.
create function public.events_after(after bigint, at_most integer default 1000) returns setof public.events
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select * from public.events where position > coalesce(after, -1) order by position limit at_most
$$;

revoke all on public.events, public.snapshots, public.events_turn from public, :"writer", :"reader";
revoke all on function public.take_turn(), public.events_take_turn(), public.events_notify(), public.refuse_change() from public;
revoke all on function public.append_events(text, bigint, jsonb), public.events_after(bigint, integer) from public;

grant select, insert on public.events to :"writer";
grant select, insert, delete on public.snapshots to :"writer";
grant select on public.events, public.snapshots to :"reader";
grant execute on function public.take_turn(), public.append_events(text, bigint, jsonb) to :"writer";
grant execute on function public.events_after(bigint, integer) to :"writer", :"reader";
