-- +goose Up

-- One name is enough: the last name may be empty.
alter table customers drop constraint customers_person_check;
alter table customers add constraint customers_person_check check (erased or (first_name <> '' and email <> '' and email_key <> ''));

-- Names sort for people: the collation is CLDR's root. An index in it must be rebuilt
-- when PostgreSQL comes with another version of ICU; PostgreSQL warns of that.
alter table customers alter column last_name type text collate "und-x-icu";

-- Names compare as kit/grammar folds them; this is what comes nearest to it in SQL.
alter table customers add column last_name_key text collate "C" not null default '';
update customers set last_name_key = casefold(normalize(btrim(last_name), nfc) collate "pg_unicode_fast") where not erased;
create index customers_by_last_name_key on customers (last_name_key, id);
alter table customers add constraint customers_erased_key_check check (not erased or last_name_key = '');

-- The e-mail addresses of guests whose data was erased of late. They are kept for two
-- days, so that the event can be published again when a broker lost it, and then
-- deleted: they are about people too.
create table guest_erasures (
  id         uuid        primary key,
  email_key  text        collate "C" not null,
  version    bigint      not null,
  erase_time timestamptz not null
);

-- +goose Down
drop table guest_erasures;
alter table customers drop constraint customers_erased_key_check;
drop index customers_by_last_name_key;
alter table customers drop column last_name_key;
alter table customers alter column last_name type text collate "C";
alter table customers drop constraint customers_person_check;
alter table customers add constraint customers_person_check check (erased or (first_name <> '' and last_name <> '' and email <> '' and email_key <> ''));
