-- Which of several processes may do what only one may: see Lease in gateway/model.py.

CREATE TABLE lease (
    name TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
) WITH (fillfactor = 10);
