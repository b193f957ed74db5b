-- Nothing is told twice about an order. `at` counts nanoseconds from 1970.
CREATE TABLE notifications (
    order_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    customer TEXT NOT NULL,
    at BIGINT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (order_id, topic)
);

CREATE INDEX notifications_of_customer ON notifications (customer, at);
