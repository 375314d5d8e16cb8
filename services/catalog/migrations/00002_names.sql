-- +goose Up

-- Names sort for people: "Äpfel" beside "apfel", and "Zug" behind both. The collation
-- is CLDR's root (und-x-icu). An index in it must be rebuilt when PostgreSQL comes
-- with another version of ICU; PostgreSQL warns of that.
alter table products alter column name type text collate "und-x-icu";
alter table categories alter column name type text collate "und-x-icu";

-- No two siblings share a name in any case of letters: name_key is the name as
-- kit/grammar folds it, and this is what comes nearest to it in SQL.
alter table categories add column name_key text collate "C";
update categories set name_key = casefold(normalize(btrim(name), nfc) collate "pg_unicode_fast");
-- Of siblings that share one by now, the older keeps it.
update categories c
set name = left(c.name, 160) || ' (' || c.id || ')', name_key = left(c.name_key, 160) || ' (' || c.id || ')'
where exists (
  select from categories older
  where older.parent_id is not distinct from c.parent_id and older.name_key = c.name_key
    and (older.create_time, older.id) < (c.create_time, c.id)
);
alter table categories alter column name_key set not null;
alter table categories drop constraint categories_name_taken;
alter table categories add constraint categories_name_taken unique nulls not distinct (parent_id, name_key);
-- ListCategories by a name; with names equal, the tree tells them apart.
create index categories_by_name_key on categories (name_key, id);

-- +goose Down
drop index categories_by_name_key;
alter table categories drop constraint categories_name_taken;
alter table categories add constraint categories_name_taken unique nulls not distinct (parent_id, name);
alter table categories drop column name_key;
alter table categories alter column name type text collate "C";
alter table products alter column name type text collate "C";
