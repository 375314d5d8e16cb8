-- +goose Up

-- Changed the table of stored answers, which is the kit's by now (kit/idempotency). The
-- number stays taken, because databases hold it.
select 1;

-- +goose Down
select 1;
