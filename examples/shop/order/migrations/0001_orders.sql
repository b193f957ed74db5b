-- Lines are read and written with their order, so they are one column: JSON.
-- The version counts changes, so that a change can tell whether another came first.
CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    lines TEXT NOT NULL,
    total_cents BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'paid', 'confirmed', 'cancelled')),
    payment_id TEXT,
    version BIGINT NOT NULL
);
