-- +goose Up

-- Keys for programs. The key itself is shown once; its SHA-256 is what is kept.
create table api_keys (
  id            uuid        primary key,
  display_name  text        not null,
  hash          bytea       not null,
  permissions   int[]       not null, -- shopmesh.options.v1.Permission
  creator_id    uuid        not null references accounts (id) on delete cascade,
  create_time   timestamptz not null,
  expire_time   timestamptz not null,
  last_use_time timestamptz,
  revoke_time   timestamptz,
  constraint api_keys_display_name_check check (char_length(display_name) between 1 and 100),
  constraint api_keys_life_check check (expire_time > create_time)
);
create index api_keys_by_creator on api_keys (creator_id, create_time);
create index api_keys_by_create_time on api_keys (create_time, id);

-- +goose Down
drop table api_keys;
