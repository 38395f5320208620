-- The idempotency keys of callers. A command that was `queued` and that the network server does not have is
-- `desired` from here on.

CREATE TABLE command_key (
    key TEXT PRIMARY KEY,
    command_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

UPDATE command
SET body = CAST(json_set(CAST(body AS TEXT), '$.state', 'desired') AS BLOB)
WHERE NOT final AND json_extract(CAST(body AS TEXT), '$.state') = 'queued'
AND coalesce(json_extract(CAST(body AS TEXT), '$.queue_item_id'), '') = ''
