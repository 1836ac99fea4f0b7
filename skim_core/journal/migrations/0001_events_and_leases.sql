-- Every event of every run, in the order in which it happened. `at` repeats the body's
-- instant, UTC to the microsecond and of fixed width, so that text sorts as time does.
CREATE TABLE events (
    run_id   TEXT    NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    at       TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;

-- One row for each finished day: whether a run is finished is one look-up.
CREATE INDEX finished_runs ON events (run_id) WHERE kind = 'day_finished';

-- Who runs a day, and until when nobody else may.
CREATE TABLE leases (
    run_id     TEXT NOT NULL PRIMARY KEY,
    owner      TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
