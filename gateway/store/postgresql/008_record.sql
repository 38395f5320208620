-- Things of the town by kind and key, see gateway/records.py: assets, users, alarms.

CREATE TABLE record (
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (kind, key)
);
