-- Which worker has a pending delivery in hand, and until when no other may take it; '' and 0 is nobody.

ALTER TABLE outbox ADD COLUMN worker TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN until_ms INTEGER NOT NULL DEFAULT 0;
