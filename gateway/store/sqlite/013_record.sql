-- Things of the town by kind and key, see gateway/records.py: assets, users, alarms.

CREATE TABLE record (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID
