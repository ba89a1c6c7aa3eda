-- Whoever made a hook: its deliveries share places with those of the owner's other hooks. Of hooks that
-- were there before nobody knows.
ALTER TABLE hooks ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN owner TEXT NOT NULL DEFAULT '';
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (owner, lane, due_at, number) WHERE due_at IS NOT NULL;
