-- +goose Up

-- A context keeps its own settings and those of the shop that it reads, by their names.
alter table last_settings
  add column name text collate "C" not null default '',
  drop column one;
update last_settings set name = coalesce((select context from database_context), '');
alter table last_settings
  alter column name drop default,
  add primary key (name);

-- +goose Down
delete from last_settings where name is distinct from (select context from database_context);
alter table last_settings
  drop column name,
  add column one boolean primary key default true check (one);
