-- +goose Up

-- Carts. A customer's has the customer's id and no token; a guest's is found by the
-- SHA-256 of its token. The arrays have one length: the code of a product and how many of
-- it. A guest's cart that was merged stays, without lines, and names the customer, so that
-- merging it again is known.
create table carts (
  id          uuid        primary key,
  token_hash  bytea       constraint carts_token_hash_key unique,
  codes       text[]      not null default '{}',
  quantities  integer[]   not null default '{}',
  version     bigint      not null default 0,
  merged_into uuid,
  -- When the cart was last used; reading it moves this once a day at most.
  use_time    timestamptz not null
) with (fillfactor = 70);

create index carts_use_time on carts (use_time);
create index carts_merged_into on carts (merged_into) where merged_into is not null;

-- The key from which the tokens of guests are derived; one row, made when it is first
-- needed. Another key ends all of these tokens.
create table guest_keys (
  id          smallint    primary key default 1 check (id = 1),
  key         bytea       not null check (octet_length(key) = 32),
  create_time timestamptz not null default now()
);

-- +goose Down
drop table guest_keys;
drop table carts;
