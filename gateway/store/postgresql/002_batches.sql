-- Which deliveries go to an endpoint in one request, by the cursor of the first of them: they go together at
-- every further attempt, so that it sends the same bytes. Gone when none of them is pending.

CREATE TABLE batched (
    endpoint_id TEXT COLLATE "C" NOT NULL,
    cursor BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (endpoint_id, cursor)
);
CREATE INDEX batched_batch ON batched (endpoint_id, batch, cursor);
