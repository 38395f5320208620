-- Which worker claimed a pending delivery, and until when no other may claim it; '' and 0 when none did.

ALTER TABLE outbox ADD COLUMN worker TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN until_ms INTEGER NOT NULL DEFAULT 0;
