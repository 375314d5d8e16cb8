-- +goose Up

-- The tree that products are sorted into. Writers of the tree take
-- `lock table categories in share row exclusive mode` first, so that no two moves
-- can close a cycle together; products' foreign keys do not wait for that lock.
-- Names and codes compare by byte (collate "C"): uniqueness and page order then
-- depend on no locale library's version.
create table categories (
  id          uuid        primary key,
  parent_id   uuid        references categories (id),
  name        text        collate "C" not null,
  description text        not null,
  version     bigint      not null,
  create_time timestamptz not null,
  update_time timestamptz not null,
  constraint categories_name_taken unique nulls not distinct (parent_id, name),
  constraint categories_parent_check check (parent_id <> id),
  constraint categories_name_check check (char_length(name) between 1 and 200),
  constraint categories_description_check check (char_length(description) <= 4000),
  constraint categories_version_check check (version >= 1)
);

-- ListCategories.
create index categories_by_name on categories (name, id);

-- What is sold. Rows are never deleted, so a code is never used again.
create table products (
  id             uuid        primary key,
  code           text        collate "C" not null,
  name           text        collate "C" not null,
  description    text        not null,
  category_id    uuid        not null references categories (id),
  price_currency text        collate "C" not null,
  price_amount   bigint      not null, -- minor units
  price_major    numeric     not null, -- the same in whole units, for lists to compare and sort by
  status         text        not null,
  attributes     jsonb       not null, -- name to value
  images         jsonb       not null, -- [{"url", "alt_text"}]
  version        bigint      not null,
  create_time    timestamptz not null,
  update_time    timestamptz not null,
  constraint products_code_taken unique (code),
  constraint products_code_check check (code ~ '^[A-Za-z0-9._/-]{1,64}$'),
  constraint products_name_check check (char_length(name) between 1 and 200),
  constraint products_description_check check (char_length(description) <= 10000),
  constraint products_price_currency_check check (price_currency ~ '^[A-Z]{3}$'),
  constraint products_price_amount_check check (price_amount >= 0 and price_major >= 0),
  constraint products_status_check check (status in ('DRAFT', 'ACTIVE', 'ARCHIVED')),
  constraint products_attributes_check check (jsonb_typeof(attributes) = 'object'),
  constraint products_images_check check (jsonb_typeof(images) = 'array' and jsonb_array_length(images) <= 20),
  constraint products_version_check check (version >= 1)
);

-- One index per order of ListProducts, so that a page is read in its order and no
-- more of it; the order by code has products_code_taken.
create index products_by_name on products (name, id);
create index products_by_price on products (price_major, id);
create index products_by_create_time on products (create_time, id);
-- A category's page in the default order, and whether a category is empty.
create index products_by_category on products (category_id, code);
-- The statuses that few products have.
create index products_by_rare_status on products (status, code) where status <> 'ACTIVE';

-- How many of a product can be bought, as inventory last published. A narrow table of
-- its own, because it changes with every order: half-empty pages and no index on
-- what changes let each update stay in its page. Without a foreign key, because
-- the level may arrive before the product is known, as after a restore.
create table availability (
  product_id uuid   primary key,
  available  bigint not null,
  version    bigint not null,
  constraint availability_available_check check (available >= 0)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

-- +goose Down
drop table availability;
drop table products;
drop table categories;
