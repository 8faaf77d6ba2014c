-- How far each ring has been written: upserted in the transaction that writes the rows, so after
-- any doubt this table says what is in. Deleting a row makes its ring write again what it still
-- holds. `source` is empty for the ring itself. Of a file there is one row, whose `ring_id` stands for
-- the machine: `file:DEVICE:INODE:LENGTH:HASH`, of its first LENGTH bytes, and how many bytes of its
-- content are in. While a file is loaded by several lanes each part has a row of its own.

CREATE TABLE IF NOT EXISTS sluice_progress (
    ring_id    uuid NOT NULL,
    source     text NOT NULL DEFAULT '',
    position   bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ring_id, source)
);
