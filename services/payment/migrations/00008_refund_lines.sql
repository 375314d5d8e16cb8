-- +goose Up
-- The version before keeps working: it neither reads nor writes the column, and its refunds
-- are for no line in particular.

-- The lines that a refund is for: [{"code": "MUG", "quantity": 2}, …]; null for no line in
-- particular. Refunds that failed keep theirs, which then count for nothing.
alter table refunds add column lines jsonb;

-- +goose Down
alter table refunds drop column lines;
