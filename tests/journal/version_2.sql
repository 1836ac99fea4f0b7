-- A journal as version 2 of the format left it; never changed.
CREATE TABLE events (
    run_id   TEXT    NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    at       TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX finished_runs ON events (run_id) WHERE kind = 'day_finished';
CREATE TABLE leases (
    run_id     TEXT NOT NULL PRIMARY KEY,
    owner      TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE controls (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
INSERT INTO events VALUES
    ('orb/XASX/2026-01-05/paper', 1, '2026-01-04T23:00:01.000000+00:00', 'phase_ticked',
     '{"at":"2026-01-04T23:00:01Z","kind":"phase_ticked","phase":"manage","attempt":1}'),
    ('orb/XASX/2026-01-05/paper', 2, '2026-01-04T23:00:00.000000+00:00', 'day_finished',
     '{"at":"2026-01-04T23:00:00Z","kind":"day_finished","outcome":"completed","reason":""}'),
    ('gap_fade/XASX/2026-01-05/paper', 1, '2026-01-04T23:00:01.000001+00:00', 'phase_ticked',
     '{"at":"2026-01-04T23:00:01.000001Z","kind":"phase_ticked","phase":"manage","attempt":1}');
INSERT INTO leases VALUES
    ('gap_fade/XASX/2026-01-05/paper', 'host:1', '2026-01-04T23:00:30.000000+00:00');
INSERT INTO controls VALUES
    (1, '2026-01-04T23:00:00.000000+00:00', 'halt',
     '{"at":"2026-01-04T23:00:00Z","account":"paper","by":"trader","why":"news","kind":"halt","strategy":null,"flatten":false}');
PRAGMA application_id = 1936419181;
PRAGMA user_version = 2;
PRAGMA journal_mode = WAL;
