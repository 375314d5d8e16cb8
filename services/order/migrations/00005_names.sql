-- +goose Up

-- One name for one thing: an order is due at due_time, its events were last published
-- at last_published_time, and retry_count counts how often they were since.
alter table orders rename column ask_time to due_time;
alter table orders rename column ask_count to retry_count;
alter table orders rename column said_time to last_published_time;
alter index orders_ask_time rename to orders_due_time;
-- An erasure is complete when a search long after it found no order to blank.
alter table erased_customers rename column settled to complete;

-- +goose Down
alter table erased_customers rename column complete to settled;
alter index orders_due_time rename to orders_ask_time;
alter table orders rename column last_published_time to said_time;
alter table orders rename column retry_count to ask_count;
alter table orders rename column due_time to ask_time;
