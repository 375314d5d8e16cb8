-- +goose Up

-- Whose database this is. The first start of a context writes its name here, and a
-- start of another context is refused.
create table database_context (
  one         boolean     primary key default true check (one),
  context     text        not null,
  create_time timestamptz not null default now()
);

-- +goose Down
drop table database_context;
