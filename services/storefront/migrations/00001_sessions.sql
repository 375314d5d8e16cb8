-- +goose Up

-- What a visitor's browser has opened, such as a cart. The browser's cookie holds a random
-- secret: a row is found by its hash, and its content is sealed with a key that is derived
-- from it, so that who reads the table can act for nobody.
create table sessions (
  id          bytea       primary key check (octet_length(id) = 32),
  content     bytea       not null,
  -- Counts the changes, so that of two at once none is lost.
  version     bigint      not null check (version > 0),
  expire_time timestamptz not null
);

create index sessions_expire on sessions (expire_time);

-- +goose Down
drop table sessions;
