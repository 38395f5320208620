-- A Struct of gateway/model.py is kept whole as JSON in `body`; what queries compare has a column of its own
-- beside it. Instants are milliseconds since 1970.

CREATE TABLE device (
    dev_eui TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE latest (
    dev_eui TEXT NOT NULL,
    property TEXT NOT NULL,
    observed_at TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (dev_eui, property)
) STRICT, WITHOUT ROWID;

-- One row per device, not per frame: a repeated frame is recognised without the history.
CREATE TABLE seen (
    dev_eui TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The last numbers of a device's events and commands; they outlive the device.
CREATE TABLE counted (
    dev_eui TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX event_subject ON event (subject, cursor);
CREATE INDEX event_type ON event (type, cursor);

CREATE TABLE endpoint (
    id TEXT PRIMARY KEY,
    added INTEGER NOT NULL UNIQUE,
    matched INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    withdrawn INTEGER NOT NULL DEFAULT 0,
    removed INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    endpoint_id TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    first_at_ms INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (endpoint_id, cursor)
) STRICT, WITHOUT ROWID;
-- Pending and dead rows are few; these indexes find them without reading the delivered ones.
CREATE INDEX outbox_pending ON outbox (endpoint_id, subject, cursor) WHERE state = 'pending';
CREATE INDEX outbox_dead ON outbox (endpoint_id, cursor) WHERE state = 'dead';
CREATE INDEX outbox_cursor ON outbox (cursor);

CREATE TABLE command (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    dev_eui TEXT NOT NULL,
    token INTEGER NOT NULL,
    final INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX command_device ON command (dev_eui, number);
CREATE INDEX command_token ON command (dev_eui, token, number);
CREATE INDEX command_due ON command (next_at_ms) WHERE NOT final;
CREATE INDEX command_open ON command (dev_eui, number) WHERE NOT final;

CREATE TABLE command_item (
    queue_item_id TEXT PRIMARY KEY,
    command_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    dev_eui TEXT NOT NULL,
    topic TEXT NOT NULL,
    body BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    added INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
