-- An order is paid at most once, whoever asks and however many ask at once.
CREATE TABLE payments (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    amount_cents BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('settled', 'refunded'))
);
