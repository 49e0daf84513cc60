-- Moves the migration by one phase, forth or back, and records it. Anything else fails and changes nothing.
SELECT set_config('migration.phase', :'phase', false), set_config('migration.phases', :'phases', false);

CREATE TABLE IF NOT EXISTS migration_phases (
  id         bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  phase      text        NOT NULL,
  reached_at timestamptz NOT NULL DEFAULT now()
);

DO $$
DECLARE
  phases text[] := string_to_array(current_setting('migration.phases'), ',');
  wanted text   := current_setting('migration.phase');
  present text;
BEGIN
  LOCK TABLE migration_phases IN EXCLUSIVE MODE;
  SELECT phase INTO present FROM migration_phases ORDER BY id DESC LIMIT 1;
  present := coalesce(present, phases[1]);
  IF array_position(phases, wanted) IS NULL OR abs(array_position(phases, wanted) - array_position(phases, present)) > 1 THEN
    RAISE EXCEPTION 'phase % can''t follow %: change one phase at a time, in the order %', wanted, present, array_to_string(phases, ' → ');
  END IF;
  IF wanted <> present THEN
    INSERT INTO migration_phases (phase) VALUES (wanted);
  END IF;
END $$;
