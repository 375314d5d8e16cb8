-- +goose Up

-- The settings that the context applied last, as the config service had them: it starts
-- with them, so that config may be away then. The name is not "settings", which a
-- context may want for a table of its own.
create table last_settings (
  one         boolean primary key default true check (one),
  version     bigint      not null,
  value       jsonb       not null,
  update_time timestamptz not null
);

-- +goose Down
drop table last_settings;
