-- +goose Up

-- Last names sort for people and compare as kit/grammar folds them, as customer's do;
-- the update is what comes nearest to that folding in SQL.
drop index orders_last_name;
alter table orders alter column last_name type text collate "und-x-icu";
alter table orders add column last_name_key text collate "C" not null default '';
update orders set last_name_key = casefold(normalize(btrim(last_name), nfc) collate "pg_unicode_fast") where last_name <> '';
create index orders_last_name_key on orders (last_name_key);

-- +goose Down
drop index orders_last_name_key;
alter table orders drop column last_name_key;
alter table orders alter column last_name type text collate any_case;
create index orders_last_name on orders (last_name);
