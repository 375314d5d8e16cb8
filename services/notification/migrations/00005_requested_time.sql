-- +goose Up

-- When a mail, or its resending, was requested: a name that orders use for another thing.
alter table notifications rename column ask_time to requested_time;

-- +goose Down
alter table notifications rename column requested_time to ask_time;
