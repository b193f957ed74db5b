-- The epoch in which its function was last called.
ALTER TABLE {s}.aw_delivery ADD COLUMN begun bigint NOT NULL DEFAULT 0;
