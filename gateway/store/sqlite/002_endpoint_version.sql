-- The newest of these numbers changes whenever an endpoint is added, replaced or removed, so that endpoints
-- are read again only then, in every process that uses this store.

ALTER TABLE endpoint ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX endpoint_version ON endpoint (version);
