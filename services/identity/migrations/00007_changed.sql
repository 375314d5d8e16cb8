-- +goose Up

-- The accounts that changed of late are published again, those whose address was verified
-- among them.
drop index accounts_by_verify_time;
create index accounts_by_update_time on accounts (update_time);

-- +goose Down
drop index accounts_by_update_time;
create index accounts_by_verify_time on accounts (verify_time);
