CREATE TABLE IF NOT EXISTS events (
  id             uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  aggregate_id   text        NOT NULL,
  event_type     text        NOT NULL,
  event_data     jsonb       NOT NULL,
  metadata       jsonb       NOT NULL DEFAULT '{}',
  version        integer     NOT NULL CHECK (version > 0),
  "timestamp"    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (aggregate_id, version)
);

-- The application appends. Only migrations may change or delete an event.
REVOKE UPDATE, DELETE ON events FROM orchestrix_writer;

CREATE INDEX IF NOT EXISTS events_by_aggregate ON events (aggregate_id);
CREATE INDEX IF NOT EXISTS events_by_type ON events (event_type);
CREATE INDEX IF NOT EXISTS events_by_time ON events ("timestamp");

CREATE TABLE IF NOT EXISTS snapshots (
  aggregate_id   text        NOT NULL,
  aggregate_type text        NOT NULL,
  snapshot_data  jsonb       NOT NULL,
  version        integer     NOT NULL,
  "timestamp"    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (aggregate_id, version)
);
