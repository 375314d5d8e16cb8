-- +goose Up

-- One word for it, here, in the activity log and in the contract.
alter table sessions rename column place to address_prefix;

-- +goose Down
alter table sessions rename column address_prefix to place;
