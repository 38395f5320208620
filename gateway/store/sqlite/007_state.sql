-- What changes with every reading of a device, in one row, which is one page: its newest values as an object by
-- property, what was seen of it, and the last numbers of its events and commands, which outlive it.

CREATE TABLE state (
    dev_eui TEXT NOT NULL UNIQUE,
    sequence INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    latest TEXT NOT NULL DEFAULT '{}',
    seen BLOB NOT NULL DEFAULT x''
) STRICT;

INSERT INTO state (dev_eui, sequence, token, latest, seen)
SELECT known.dev_eui,
       coalesce((SELECT sequence FROM counted WHERE dev_eui = known.dev_eui), 0),
       coalesce((SELECT token FROM counted WHERE dev_eui = known.dev_eui), 0),
       (SELECT json_group_object(property, json(CAST(body AS TEXT))) FROM latest WHERE dev_eui = known.dev_eui),
       coalesce((SELECT body FROM seen WHERE dev_eui = known.dev_eui), x'')
FROM (SELECT dev_eui FROM counted UNION SELECT dev_eui FROM seen UNION SELECT dev_eui FROM latest) AS known;

DROP TABLE latest;
DROP TABLE seen;
DROP TABLE counted;
