-- How far each ring has been written: upserted in the transaction that writes the rows, so after
-- any doubt this table says what is in. Deleting a row makes its ring write again what it still
-- holds. `source` is empty for the ring itself; other values are for sources within it.

CREATE TABLE IF NOT EXISTS sluice_progress (
    ring_id    uuid NOT NULL,
    source     text NOT NULL DEFAULT '',
    position   bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ring_id, source)
);
