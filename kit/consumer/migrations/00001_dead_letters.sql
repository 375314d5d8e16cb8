-- +goose Up

-- "if not exists": the contexts' own migrations once made this table, and a database
-- from that time keeps its rows.

-- Events that could not be applied, and those of the same key that wait behind them.
create table if not exists dead_letters (
  id             bigint generated always as identity primary key,
  consumer_group text        not null,
  topic          text        not null,
  partition      int         not null,
  record_offset  bigint      not null,
  key            uuid        not null,
  event_id       text        not null,
  event_type     text        not null,
  version        bigint      not null,
  event_time     timestamptz not null,
  value          bytea       not null,
  traceparent    text        not null,
  cause          text        not null,
  create_time    timestamptz not null default now(),
  unique (consumer_group, topic, partition, record_offset)
);
create index if not exists dead_letters_key on dead_letters (key, consumer_group, topic);

-- +goose Down
drop table dead_letters;
