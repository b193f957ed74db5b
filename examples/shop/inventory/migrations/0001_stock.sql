CREATE TABLE stock (
    sku TEXT PRIMARY KEY,
    on_hand BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    CHECK (reserved BETWEEN 0 AND on_hand)
);

-- What each order was told. It is told the same for ever.
CREATE TABLE stock_answers (
    order_id TEXT PRIMARY KEY,
    answer TEXT NOT NULL CHECK (answer IN ('reserved', 'short', 'cancelled')),
    short_of TEXT
);

-- What is reserved, and for whom: together it is `stock.reserved`.
CREATE TABLE stock_reserved (
    order_id TEXT NOT NULL,
    sku TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (order_id, sku)
);
