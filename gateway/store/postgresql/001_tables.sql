-- A Struct of gateway/model.py is kept whole as JSON in `body`; what queries compare has a column of its own
-- beside it. Instants are milliseconds since 1970. Texts are compared by their bytes, as in SQLite.

CREATE TABLE device (
    dev_eui TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    body BYTEA NOT NULL
);

CREATE TABLE latest (
    dev_eui TEXT COLLATE "C" NOT NULL,
    property TEXT COLLATE "C" NOT NULL,
    observed_at TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (dev_eui, property)
) WITH (fillfactor = 70);

-- One row per device, not per frame: a repeated frame is recognised without the history.
CREATE TABLE seen (
    dev_eui TEXT COLLATE "C" PRIMARY KEY,
    body BYTEA NOT NULL
) WITH (fillfactor = 50);

-- The last numbers of a device's events and commands; they outlive the device.
CREATE TABLE counted (
    dev_eui TEXT COLLATE "C" PRIMARY KEY,
    sequence BIGINT NOT NULL DEFAULT 0,
    token BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- The cursor of the newest event: a sequence would leave holes where a change is undone.
CREATE TABLE head (cursor BIGINT NOT NULL) WITH (fillfactor = 10);
INSERT INTO head VALUES (0);

CREATE TABLE event (
    cursor BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    type TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX event_subject ON event (subject, cursor);
-- Readings are most of the events, and in no index over types.
CREATE INDEX event_type ON event (type, cursor) WHERE type <> 'lamplighter.reading.v1';

-- version: the newest of these numbers changes whenever an endpoint is added, replaced or removed.
CREATE TABLE endpoint (
    id TEXT COLLATE "C" PRIMARY KEY,
    added BIGINT NOT NULL UNIQUE,
    version BIGINT NOT NULL,
    matched BIGINT NOT NULL DEFAULT 0,
    delivered BIGINT NOT NULL DEFAULT 0,
    dead BIGINT NOT NULL DEFAULT 0,
    withdrawn BIGINT NOT NULL DEFAULT 0,
    removed BOOLEAN NOT NULL DEFAULT false,
    body BYTEA NOT NULL
) WITH (fillfactor = 20);

-- worker, until_ms: who claimed a pending delivery, and until when no other may claim it.
CREATE TABLE outbox (
    endpoint_id TEXT COLLATE "C" NOT NULL,
    cursor BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL DEFAULT 'pending',
    attempts BIGINT NOT NULL DEFAULT 0,
    first_at_ms BIGINT NOT NULL DEFAULT 0,
    next_at_ms BIGINT NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    worker TEXT COLLATE "C" NOT NULL DEFAULT '',
    until_ms BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (endpoint_id, cursor)
) WITH (fillfactor = 80);
-- Pending and dead rows are few; these indexes find them without reading the delivered ones.
CREATE INDEX outbox_pending ON outbox (endpoint_id, subject, cursor) WHERE state = 'pending';
CREATE INDEX outbox_dead ON outbox (endpoint_id, cursor) WHERE state = 'dead';

CREATE TABLE command (
    id TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    dev_eui TEXT COLLATE "C" NOT NULL,
    token BIGINT NOT NULL,
    final BOOLEAN NOT NULL,
    next_at_ms BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX command_device ON command (dev_eui, number);
CREATE INDEX command_token ON command (dev_eui, token, number);
CREATE INDEX command_due ON command (next_at_ms, number) WHERE NOT final;
CREATE INDEX command_open ON command (dev_eui, number) WHERE NOT final;

CREATE TABLE command_item (
    queue_item_id TEXT COLLATE "C" PRIMARY KEY,
    command_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE quarantine (
    id BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    dev_eui TEXT COLLATE "C" NOT NULL,
    topic TEXT NOT NULL,
    body BYTEA NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE quarantine_head (id BIGINT NOT NULL);
INSERT INTO quarantine_head VALUES (0);

CREATE TABLE api_key (
    id TEXT COLLATE "C" PRIMARY KEY,
    added BIGINT NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    body BYTEA NOT NULL
);
