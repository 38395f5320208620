-- The last attempts at each endpoint that failed, or succeeded after one that did: bounded by the writer.

CREATE TABLE attempt (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id TEXT COLLATE "C" NOT NULL,
    cursor BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    error TEXT NOT NULL,
    next_at_ms BIGINT NOT NULL
);
CREATE INDEX attempt_endpoint ON attempt (endpoint_id, id);
