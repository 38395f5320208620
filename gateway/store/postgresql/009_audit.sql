-- Who changed what, see gateway/audit.py. An entry is never changed; retention drops the oldest.

CREATE TABLE audit (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE RULE audit_is_append_only AS ON UPDATE TO audit DO INSTEAD NOTHING;
