-- How many deliveries of each state were dropped by age, so that the sums can be counted again from the rows. What
-- was dropped before is what the sums have more than the rows.

CREATE TABLE forgotten (
    endpoint_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (endpoint_id, state)
);

INSERT INTO forgotten
SELECT id, 'delivered', delivered -
    (SELECT count(*) FROM outbox WHERE endpoint_id = endpoint.id AND state = 'delivered')
FROM endpoint;
INSERT INTO forgotten
SELECT id, 'dead', dead - (SELECT count(*) FROM outbox WHERE endpoint_id = endpoint.id AND state = 'dead')
FROM endpoint;
INSERT INTO forgotten
SELECT id, 'withdrawn', withdrawn -
    (SELECT count(*) FROM outbox WHERE endpoint_id = endpoint.id AND state = 'withdrawn')
FROM endpoint;
