-- Which deliveries go to an endpoint in one request, by the cursor of the first of them: they go together at
-- every further attempt, so that it sends the same bytes. Gone when none of them is pending.

CREATE TABLE batched (
    endpoint_id TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY (endpoint_id, cursor)
) STRICT, WITHOUT ROWID;
CREATE INDEX batched_batch ON batched (endpoint_id, batch, cursor);
