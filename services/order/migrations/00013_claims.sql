-- +goose Up

-- The orders that were claimed of late (step 6 CLAIMED), for the republisher.
create index order_history_claims on order_history (create_time, order_id) where step = 6;

-- +goose Down
drop index order_history_claims;
