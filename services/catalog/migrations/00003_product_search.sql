-- +goose Up
-- The version before keeps working: an index more.

-- pg_trgm is a trusted extension: who owns the database may create it.
create extension if not exists pg_trgm;

-- Products are searched by what their names and codes contain, in any case of letters.
create index products_by_text on products using gin (
  ((' ' || casefold(normalize(name, nfc) collate "pg_unicode_fast") || ' ' || lower(code collate "pg_unicode_fast")) collate "C") gin_trgm_ops
);

-- +goose Down
drop index products_by_text;
drop extension pg_trgm;
