-- A cursor is never given twice: the newest event always stays, see `forget_events`. AUTOINCREMENT, which says
-- the same, writes one more page with every commit. What is on the disk of the table is the same without it.
-- Source: sqlite.org/lang_altertable.html, 7 (changes that do not affect the content on the disk).

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY AUTOINCREMENT', 'PRIMARY KEY')
WHERE type = 'table' AND name = 'event';
PRAGMA writable_schema = RESET;
-- Every connection reads the schema again.
DROP INDEX endpoint_version;
CREATE INDEX endpoint_version ON endpoint (version);
