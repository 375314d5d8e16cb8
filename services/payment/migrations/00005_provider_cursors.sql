-- +goose Up

-- How far a provider's list of events was read. A row is claimed like a payment: by its
-- due_time, which is then the end of the claimer's lease.
create table provider_cursors (
  provider      text        primary key check (octet_length(provider) <= 50),
  -- Every event up to this time was applied.
  event_time    timestamptz not null,
  due_time      timestamptz not null,
  -- When the list was last read to its end; null before.
  read_time     timestamptz,
  -- How often reading it failed in a row, and why it did last.
  failure_count integer     not null default 0,
  cause         text        not null default '' check (octet_length(cause) <= 500)
);

-- A provider's event comes by a webhook and by its list, so that it is looked up among
-- those that are resolved, too.
create index contradictions_event_id_idx on contradictions (event_id);

-- +goose Down

drop index contradictions_event_id_idx;
drop table provider_cursors;
