-- The last attempts at each endpoint that failed, or succeeded after one that did: bounded by the writer.

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint_id TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    error TEXT NOT NULL,
    next_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_endpoint ON attempt (endpoint_id, id);
