-- +goose Up

-- Values and addresses are deleted row by row, by an erasure and when they are over, and never
-- all at once.
create trigger activity_values_keep_all before truncate on activity_values for each statement execute function keep_activities();
create trigger activity_addresses_keep_all before truncate on activity_addresses for each statement execute function keep_activities();

-- +goose Down
drop trigger activity_addresses_keep_all on activity_addresses;
drop trigger activity_values_keep_all on activity_values;
