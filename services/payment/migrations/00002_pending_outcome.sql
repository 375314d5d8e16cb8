-- +goose Up

-- A provider may answer that it has not decided yet: 4 is the contract's PENDING.
alter table payment_attempts
  drop constraint payment_attempts_outcome_check,
  add constraint payment_attempts_outcome_check check (outcome between 1 and 4);

-- +goose Down

alter table payment_attempts
  drop constraint payment_attempts_outcome_check,
  add constraint payment_attempts_outcome_check check (outcome between 1 and 3);
