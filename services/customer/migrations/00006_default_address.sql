-- +goose Up
-- The version before keeps working: a column more.

-- Which of their addresses a customer is sent things to first; null for the oldest. It names one
-- that is there: both are written under the lock of the customer's row.
alter table customers add column default_address_id uuid;

-- +goose Down
alter table customers drop column default_address_id;
