-- The idempotency keys of callers. A command that was `queued` and that the network server does not have is
-- `desired` from here on.

CREATE TABLE command_key (
    key TEXT COLLATE "C" PRIMARY KEY,
    command_id TEXT COLLATE "C" NOT NULL
);

UPDATE command
SET body = convert_to(jsonb_set(convert_from(body, 'UTF8')::jsonb, '{state}', '"desired"')::text, 'UTF8')
WHERE NOT final AND convert_from(body, 'UTF8')::jsonb ->> 'state' = 'queued'
AND coalesce(convert_from(body, 'UTF8')::jsonb ->> 'queue_item_id', '') = '';
