-- What the gateway is to do later or in many steps: see gateway/plans.py. due_ms: of its next step, NULL when there
-- is none.

CREATE TABLE plan (
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    due_ms BIGINT,
    body BYTEA NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX plan_due ON plan (kind, due_ms) WHERE due_ms IS NOT NULL;
