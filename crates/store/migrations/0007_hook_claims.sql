-- What is being sent, or was when a server ended: few rows, found without looking through all that is due.
CREATE INDEX deliveries_claimed ON deliveries (owner, lane, due_at, number) WHERE claimed_by IS NOT NULL;
