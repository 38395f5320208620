-- The statements of gateway/store/sql in PostgreSQL's dialect, by name. A text parameter that is '' means
-- "any" where the statement compares it with ''.

-- name: device
SELECT body FROM device WHERE dev_eui = $1

-- name: devices
SELECT body FROM device ORDER BY name

-- name: counts
SELECT (SELECT count(*) FROM device),
(SELECT count(*) FROM (SELECT 1 FROM quarantine LIMIT 10001) AS quarantined),
(SELECT count(*) FROM (SELECT 1 FROM command WHERE NOT final LIMIT 10001) AS unended)

-- name: add_device
INSERT INTO device (dev_eui, name, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: put_device
UPDATE device SET body = $2 WHERE dev_eui = $1

-- name: remove_device
DELETE FROM device WHERE dev_eui = $1

-- name: latest
SELECT body FROM latest WHERE dev_eui = $1 ORDER BY property

-- name: put_latest
INSERT INTO latest (dev_eui, property, observed_at, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (dev_eui, property) DO UPDATE SET observed_at = excluded.observed_at, body = excluded.body
WHERE excluded.observed_at >= latest.observed_at OR latest.observed_at > $5

-- name: remove_latest
DELETE FROM latest WHERE dev_eui = $1

-- name: seen
SELECT body FROM seen WHERE dev_eui = $1

-- name: put_seen
INSERT INTO seen (dev_eui, body) VALUES ($1, $2)
ON CONFLICT (dev_eui) DO UPDATE SET body = excluded.body

-- name: sequence
SELECT sequence FROM counted WHERE dev_eui = $1

-- name: put_sequence
INSERT INTO counted (dev_eui, sequence) VALUES ($1, $2)
ON CONFLICT (dev_eui) DO UPDATE SET sequence = excluded.sequence

-- name: token
SELECT token FROM counted WHERE dev_eui = $1

-- name: put_token
INSERT INTO counted (dev_eui, token) VALUES ($1, $2)
ON CONFLICT (dev_eui) DO UPDATE SET token = excluded.token

-- name: append
INSERT INTO event (cursor, id, type, subject, body) VALUES ($1, $2, $3, $4, $5)

-- name: event
SELECT cursor, body FROM event WHERE id = $1

-- name: events
SELECT cursor, body FROM event WHERE cursor > $1 ORDER BY cursor LIMIT $2

-- name: events_of_subject
SELECT cursor, body FROM event
WHERE subject = $4 AND cursor > $1 AND ($3 = '' OR type = $3) ORDER BY cursor LIMIT $2

-- name: events_of_type
SELECT cursor, body FROM event
WHERE type = $3 AND type <> 'lamplighter.reading.v1' AND cursor > $1 ORDER BY cursor LIMIT $2

-- name: events_of_reading
SELECT cursor, body FROM event
WHERE type = 'lamplighter.reading.v1' AND cursor > $1 ORDER BY cursor LIMIT $2

-- name: newest_events
SELECT cursor, body FROM event ORDER BY cursor DESC LIMIT $1

-- name: newest_events_of_subject
SELECT cursor, body FROM event
WHERE subject = $3 AND ($2 = '' OR type = $2) ORDER BY cursor DESC LIMIT $1

-- name: newest_events_of_type
SELECT cursor, body FROM event
WHERE type = $2 AND type <> 'lamplighter.reading.v1' ORDER BY cursor DESC LIMIT $1

-- name: newest_events_of_reading
SELECT cursor, body FROM event
WHERE type = 'lamplighter.reading.v1' ORDER BY cursor DESC LIMIT $1

-- name: last_cursor
SELECT cursor FROM head

-- name: put_cursor
UPDATE head SET cursor = $1

-- name: cursor_before
SELECT coalesce(min(cursor + 0) - 1, (SELECT cursor FROM head)) FROM event WHERE id >= $1

-- name: command
SELECT body FROM command WHERE id = $1

-- name: commands
SELECT body FROM command ORDER BY number DESC LIMIT $1

-- name: commands_of_device
SELECT body FROM command WHERE dev_eui = $1 ORDER BY number DESC LIMIT $2

-- name: open_commands
SELECT body FROM command WHERE NOT final ORDER BY number

-- name: open_commands_of_device
SELECT body FROM command WHERE NOT final AND dev_eui = $1 ORDER BY number

-- name: due_commands
SELECT body FROM command WHERE NOT final AND next_at_ms <= $1 ORDER BY next_at_ms, number LIMIT $2

-- name: command_of_item
SELECT body FROM command WHERE id = (SELECT command_id FROM command_item WHERE queue_item_id = $1)

-- name: command_of_key
SELECT body FROM command WHERE id = (SELECT command_id FROM command_key WHERE key = $1)

-- name: command_of_token
SELECT body FROM command WHERE dev_eui = $1 AND token = $2 ORDER BY number DESC LIMIT 1

-- name: put_command
INSERT INTO command (id, number, dev_eui, token, final, next_at_ms, body)
VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM command), $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET final = excluded.final, next_at_ms = excluded.next_at_ms,
body = excluded.body

-- name: put_command_item
INSERT INTO command_item (queue_item_id, command_id) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: put_command_key
INSERT INTO command_key (key, command_id) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: id_of_key
SELECT command_id FROM command_key WHERE key = $1

-- name: commands_since
SELECT count(*) FROM command WHERE id >= $1

-- name: plan
SELECT body FROM plan WHERE kind = $1 AND id = $2

-- name: plans
SELECT body FROM plan WHERE kind = $1 ORDER BY id DESC LIMIT $2

-- name: due_plans
SELECT body FROM plan WHERE kind = $1 AND due_ms <= $2 ORDER BY due_ms, id LIMIT $3

-- name: put_plan
INSERT INTO plan (kind, id, due_ms, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, id) DO UPDATE SET due_ms = excluded.due_ms, body = excluded.body

-- name: remove_plan
DELETE FROM plan WHERE kind = $1 AND id = $2

-- name: endpoint
SELECT body FROM endpoint WHERE id = $1 AND NOT removed

-- name: endpoints
SELECT body FROM endpoint WHERE NOT removed ORDER BY added

-- name: add_endpoint
INSERT INTO endpoint (id, added, version, body)
SELECT $1, coalesce(max(added), 0) + 1, coalesce(max(version), 0) + 1, $2 FROM endpoint
ON CONFLICT DO NOTHING

-- name: put_endpoint
UPDATE endpoint SET body = $2, version = (SELECT max(version) + 1 FROM endpoint)
WHERE id = $1 AND NOT removed

-- name: remove_endpoint
UPDATE endpoint SET removed = true, version = (SELECT max(version) + 1 FROM endpoint)
WHERE id = $1 AND NOT removed

-- name: endpoint_versions
SELECT id, version FROM endpoint WHERE NOT removed

-- name: outbox_changes
UPDATE endpoint SET version = (SELECT max(version) + 1 FROM endpoint) WHERE id = $1

-- name: endpoints_version
SELECT coalesce(max(version), 0) FROM endpoint

-- name: withdraw_pending
UPDATE outbox SET state = 'withdrawn'
WHERE endpoint_id = $1 AND state = 'pending'

-- name: withdraw_dead
UPDATE outbox SET state = 'withdrawn'
WHERE endpoint_id = $1 AND state = 'dead'

-- name: add_sums
UPDATE endpoint SET matched = matched + $2, delivered = delivered + $3, dead = dead + $4,
withdrawn = withdrawn + $5
WHERE id = $1

-- name: totals
SELECT matched, delivered, matched - delivered - dead - withdrawn, dead, withdrawn
FROM endpoint WHERE id = $1

-- name: put_outbox
INSERT INTO outbox (endpoint_id, cursor, subject) VALUES ($1, $2, $3)

-- name: due_deliveries
WITH foremost AS (
    SELECT min(cursor) AS cursor FROM outbox
    WHERE endpoint_id = $1 AND state = 'pending' GROUP BY subject
)
SELECT o.endpoint_id, o.cursor, e.id, e.type, o.subject, e.body,
       o.state, o.attempts, o.first_at_ms, o.next_at_ms, o.note, o.worker, o.until_ms
FROM foremost JOIN outbox AS o USING (cursor) JOIN event AS e USING (cursor)
WHERE o.endpoint_id = $1 AND o.next_at_ms <= $2 AND o.until_ms <= $2 ORDER BY o.cursor LIMIT $3

-- name: next_deliveries
SELECT o.endpoint_id, o.cursor, e.id, e.type, o.subject, e.body,
       o.state, o.attempts, o.first_at_ms, o.next_at_ms, o.note, o.worker, o.until_ms
FROM outbox AS o JOIN event AS e USING (cursor)
WHERE o.endpoint_id = $1 AND o.state = 'pending' AND o.subject = $2 AND o.cursor > $3
ORDER BY o.cursor LIMIT $4

-- name: waiting
SELECT subject, min(cursor) AS oldest, max(cursor) FROM outbox
WHERE endpoint_id = $1 AND state = 'pending' AND cursor > $2 GROUP BY subject ORDER BY oldest

-- name: next_delivery
WITH foremost AS (
    SELECT min(cursor) AS cursor FROM outbox
    WHERE endpoint_id = $1 AND state = 'pending' GROUP BY subject
)
SELECT min(o.next_at_ms) FROM foremost JOIN outbox AS o USING (cursor) WHERE o.endpoint_id = $1

-- name: deliveries
SELECT o.endpoint_id, o.cursor, e.id, e.type, o.subject, e.body,
       o.state, o.attempts, o.first_at_ms, o.next_at_ms, o.note, o.worker, o.until_ms
FROM event AS e CROSS JOIN endpoint AS p
JOIN outbox AS o ON o.endpoint_id = p.id AND o.cursor = e.cursor
WHERE $1 = '' OR o.state = $1 ORDER BY e.cursor, p.id LIMIT $2

-- name: deliveries_of_endpoint
SELECT o.endpoint_id, o.cursor, e.id, e.type, o.subject, e.body,
       o.state, o.attempts, o.first_at_ms, o.next_at_ms, o.note, o.worker, o.until_ms
FROM outbox AS o JOIN event AS e USING (cursor)
WHERE o.endpoint_id = $1 AND ($2 = '' OR o.state = $2) ORDER BY o.cursor LIMIT $3

-- name: deliveries_pending
SELECT o.endpoint_id, o.cursor, e.id, e.type, o.subject, e.body,
       o.state, o.attempts, o.first_at_ms, o.next_at_ms, o.note, o.worker, o.until_ms
FROM outbox AS o JOIN event AS e USING (cursor)
WHERE o.endpoint_id = $1 AND o.state = 'pending' ORDER BY o.cursor LIMIT $2

-- name: deliveries_dead
SELECT o.endpoint_id, o.cursor, e.id, e.type, o.subject, e.body,
       o.state, o.attempts, o.first_at_ms, o.next_at_ms, o.note, o.worker, o.until_ms
FROM outbox AS o JOIN event AS e USING (cursor)
WHERE o.endpoint_id = $1 AND o.state = 'dead' ORDER BY o.cursor LIMIT $2

-- name: deliveries_of_event
SELECT o.endpoint_id, o.cursor, e.id, e.type, o.subject, e.body,
       o.state, o.attempts, o.first_at_ms, o.next_at_ms, o.note, o.worker, o.until_ms
FROM event AS e CROSS JOIN endpoint AS p
JOIN outbox AS o ON o.endpoint_id = p.id AND o.cursor = e.cursor
WHERE e.id = $1 AND ($2 = '' OR p.id = $2) AND ($3 = '' OR o.state = $3) ORDER BY p.id LIMIT $4

-- name: log_attempt
INSERT INTO attempt (endpoint_id, cursor, event_id, number, at_ms, took_ms, error, next_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: trim_attempts
DELETE FROM attempt WHERE endpoint_id = $1 AND id <= (
    SELECT id FROM attempt WHERE endpoint_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2
)

-- name: attempts
SELECT endpoint_id, cursor, event_id, number, at_ms, took_ms, error, next_at_ms FROM attempt
WHERE endpoint_id = $1 AND ($3 = 0 OR cursor = $3) ORDER BY id DESC LIMIT $2

-- name: forget_attempts
DELETE FROM attempt WHERE endpoint_id = $1 AND NOT EXISTS (
    SELECT 1 FROM outbox AS o
    WHERE o.endpoint_id = attempt.endpoint_id AND o.cursor = attempt.cursor
)

-- name: put_delivery
UPDATE outbox SET state = $3, attempts = $4, first_at_ms = $5, next_at_ms = $6, note = $7,
worker = '', until_ms = 0
WHERE endpoint_id = $1 AND cursor = $2

-- name: claim
UPDATE outbox SET worker = $3, until_ms = $4
WHERE endpoint_id = $1 AND cursor = $2 AND state = 'pending' AND until_ms <= $5

-- name: mark
UPDATE outbox SET state = $5, attempts = $6, first_at_ms = $7, next_at_ms = $8, note = $9,
worker = '', until_ms = 0
WHERE endpoint_id = $1 AND cursor = $2 AND state = 'pending' AND worker = $3 AND attempts = $4

-- name: delivery_state
SELECT state FROM outbox WHERE endpoint_id = $1 AND cursor = $2

-- name: batched
SELECT cursor FROM batched WHERE endpoint_id = $1 AND cursor BETWEEN $2 AND $3

-- name: batch_of
SELECT batch FROM batched WHERE endpoint_id = $1 AND cursor = $2

-- name: frozen
SELECT o.endpoint_id, o.cursor, e.id, e.type, o.subject, e.body,
       o.state, o.attempts, o.first_at_ms, o.next_at_ms, o.note, o.worker, o.until_ms
FROM batched AS b JOIN outbox AS o USING (endpoint_id, cursor) JOIN event AS e USING (cursor)
WHERE b.endpoint_id = $1 AND b.batch = $2 ORDER BY b.cursor

-- name: freeze
INSERT INTO batched (endpoint_id, cursor, batch) VALUES ($1, $2, $3)
ON CONFLICT (endpoint_id, cursor) DO UPDATE SET batch = excluded.batch

-- name: thaw
DELETE FROM batched WHERE endpoint_id = $1 AND batch NOT IN (
    SELECT b.batch FROM batched AS b JOIN outbox AS o USING (endpoint_id, cursor)
    WHERE b.endpoint_id = $1 AND o.state = 'pending'
)

-- name: hasten
UPDATE outbox SET next_at_ms = $2
WHERE endpoint_id = $1 AND state = 'pending' AND attempts > 0 AND next_at_ms > $2

-- name: quarantine
WITH next AS (UPDATE quarantine_head SET id = id + 1 RETURNING id)
INSERT INTO quarantine (id, at_ms, dev_eui, topic, body, reason)
SELECT id, $1, $2, $3, $4, $5 FROM next RETURNING id

-- name: trim_quarantine
DELETE FROM quarantine WHERE id <= $1 AND dev_eui NOT IN (SELECT dev_eui FROM device)

-- name: release
DELETE FROM quarantine WHERE id = $1

-- name: quarantined
SELECT id, at_ms, dev_eui, topic, body, reason FROM quarantine WHERE id > $1 ORDER BY id LIMIT $2

-- name: api_key
SELECT body FROM api_key WHERE digest = $1

-- name: api_keys
SELECT body FROM api_key ORDER BY added

-- name: add_api_key
INSERT INTO api_key (id, added, name, digest, body)
VALUES ($1, (SELECT coalesce(max(added), 0) + 1 FROM api_key), $2, $3, $4)
ON CONFLICT DO NOTHING

-- name: remove_api_key
DELETE FROM api_key WHERE id = $1

-- name: lease
SELECT name, holder, epoch, until_ms FROM lease WHERE name = $1

-- name: take_lease
INSERT INTO lease (name, holder, epoch, until_ms) VALUES ($1, $2, 1, $4)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms,
epoch = CASE WHEN lease.holder = excluded.holder THEN lease.epoch ELSE lease.epoch + 1 END
WHERE lease.holder = excluded.holder OR lease.until_ms <= $3 RETURNING epoch

-- name: oldest_events
SELECT cursor, id FROM event WHERE cursor > $1 ORDER BY cursor LIMIT $2

-- name: all_endpoints
SELECT id FROM endpoint

-- name: forget_deliveries
DELETE FROM outbox WHERE endpoint_id = $1 AND cursor BETWEEN $2 AND $3 AND state <> 'pending'
AND cursor NOT IN (
    SELECT cursor FROM batched WHERE endpoint_id = $1 AND cursor BETWEEN $2 AND $3
) RETURNING state

-- name: put_forgotten
INSERT INTO forgotten (endpoint_id, state, count) VALUES ($1, $2, $3)
ON CONFLICT (endpoint_id, state) DO UPDATE SET count = forgotten.count + excluded.count

-- name: recount
SELECT endpoint_id, state, count(*) FROM outbox GROUP BY endpoint_id, state
UNION ALL SELECT endpoint_id, state, count FROM forgotten

-- name: forget_events
DELETE FROM event WHERE cursor BETWEEN $1 AND $2 AND NOT EXISTS (
    SELECT 1 FROM endpoint AS p CROSS JOIN outbox AS o
    WHERE o.endpoint_id = p.id AND o.cursor = event.cursor
)

-- name: record
SELECT body FROM record WHERE kind = $1 AND key = $2

-- name: records
SELECT body FROM record WHERE kind = $1 ORDER BY key

-- name: put_record
INSERT INTO record (kind, key, body) VALUES ($1, $2, $3)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body

-- name: remove_record
DELETE FROM record WHERE kind = $1 AND key = $2

-- name: audit
SELECT number, body FROM audit WHERE number > $1 ORDER BY number LIMIT $2

-- name: newest_audit
SELECT number, body FROM audit ORDER BY number DESC LIMIT $1

-- name: add_audit
INSERT INTO audit (at_ms, body) VALUES ($1, $2)

-- name: forget_audit
DELETE FROM audit WHERE number IN (
    SELECT number FROM audit WHERE at_ms < $1 ORDER BY number LIMIT $2
)
