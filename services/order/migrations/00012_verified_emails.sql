-- +goose Up

-- Addresses that customers verified and of which guests' orders may be left to claim: what
-- was ordered until verify_time. A row goes when none is left.
create table verified_emails (
  id          bigint      generated always as identity primary key,
  customer_id uuid        not null,
  email       text        not null,
  verify_time timestamptz not null
);

-- +goose Down
drop table verified_emails;
