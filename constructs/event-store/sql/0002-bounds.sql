-- Nobody holds up those who append for longer than a bound, and a writer chooses neither the place nor the time of an event.

-- Positions and times are the server's. Times rise with positions: of the moment of the append, where now() would be that at
-- which a transaction began, however long ago.
alter table public.events alter column "timestamp" set default clock_timestamp();
revoke insert on public.events, public.snapshots from :"writer";
grant insert (id, aggregate_id, version, event_type, event_data, metadata) on public.events to :"writer";
grant insert (aggregate_id, aggregate_type, snapshot_data, version) on public.snapshots to :"writer";
revoke all on sequence public.events_position_seq from :"writer", :"reader";

-- Ends the session that has the turn, where it waits for its client since so long, and tells which one that was. No setting
-- of the server does so in the middle of what a client sends (an append that is executed, and no Sync after it).
create function public.end_frozen_turn(since interval) returns text
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  holder record;
begin
  perform pg_stat_clear_snapshot();
  -- Who waits for the turn has this lock as well, and one more that was not granted.
  for holder in
    select pid, usename, greatest(query_start, state_change) as last_heard
    from pg_stat_activity
    where pid <> pg_backend_pid() and datname = current_database() and wait_event_type = 'Client'
      and greatest(query_start, state_change) < clock_timestamp() - since
      and pid in (select pid from pg_locks where relation = 'public.events_turn'::regclass and mode = 'RowShareLock' and granted
                  and database = (select oid from pg_database where datname = current_database()))
  loop
    if not pg_has_role(holder.usename, 'usage') then
      raise exception 'session % of % has the turn to append and has sent nothing since %', holder.pid, holder.usename, holder.last_heard
        using errcode = 'lock_not_available', hint = 'end it as an administrator: select pg_terminate_backend(…)';
    end if;
    perform pg_terminate_backend(holder.pid, 1000);
    return format('session %s of %s', holder.pid, holder.usename);
  end loop;
  return null;
end $$;

-- The turn, for which is waited half a minute at most. One who has it and is not heard of for ten seconds loses it.
create or replace function public.take_turn() returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '10s' as $$
declare
  ended text;
begin
  perform from public.events_turn for no key update skip locked;
  if found then
    return;
  end if;
  if not exists (select from public.events_turn) then
    raise exception 'events_turn is empty, so that nothing orders those who append'
      using hint = 'insert into events_turn default values, as the owner';
  end if;
  for attempt in 1..3 loop
    -- Before the wait, for one that was frozen before this append; after it, for one that froze meanwhile.
    ended := public.end_frozen_turn('10 seconds');
    if ended is not null then
      raise log 'the turn to append was taken from %, which had sent nothing for ten seconds', ended;
    end if;
    begin
      perform from public.events_turn for no key update;
      return;
    exception when lock_not_available then
      null;
    end;
  end loop;
  raise exception 'another transaction has had the turn to append for half a minute'
    using errcode = 'lock_not_available', hint = 'try again; keep transactions that append short';
end $$;

revoke all on function public.end_frozen_turn(interval) from public;
