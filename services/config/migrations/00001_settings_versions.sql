-- +goose Up

-- Every change of the settings of a context; the one with the highest version holds.
-- Rows are never changed and never deleted: they show who changed what, and a rollback
-- goes back to any of them.
create table settings_versions (
  context          text        not null,
  version          bigint      not null check (version > 0),
  id               uuid        not null,
  -- The context's Settings message as ProtoJSON, without the defaults.
  value            jsonb       not null,
  actor            text        not null,
  changed_paths    text[]      not null,
  -- The version that a rollback went back to.
  restored_version bigint,
  create_time      timestamptz not null,
  primary key (context, version)
);

-- +goose Down
drop table settings_versions;
