-- +goose Up

-- Who buys. An erased customer keeps its row, without anything about the person.
create table customers (
  id          uuid        primary key,
  first_name  text        not null,
  last_name   text        collate "C" not null,
  email       text        not null, -- as the person writes it
  email_key   text        collate "C" not null, -- the same without regard to case
  phone       text        not null,
  erased      boolean     not null,
  version     bigint      not null,
  create_time timestamptz not null,
  update_time timestamptz not null,
  constraint customers_first_name_check check (char_length(first_name) <= 100),
  constraint customers_last_name_check check (char_length(last_name) <= 100),
  constraint customers_email_check check (char_length(email) <= 254),
  constraint customers_phone_check check (char_length(phone) <= 40),
  constraint customers_person_check check (erased or (first_name <> '' and last_name <> '' and email <> '' and email_key <> '')),
  constraint customers_erased_check check (not erased or (first_name = '' and last_name = '' and email = '' and email_key = '' and phone = '')),
  constraint customers_version_check check (version >= 1)
);

-- An erased person's address is free again.
create unique index customers_email_taken on customers (email_key) where not erased;

-- ListCustomers.
create index customers_by_create_time on customers (create_time, id);
create index customers_by_last_name on customers (last_name, id);

-- Where customers live or have goods sent. A customer's addresses are read and
-- written under the lock of the customer's row, which also bounds their number.
create table addresses (
  id             uuid   primary key,
  customer_id    uuid   not null references customers (id),
  position       bigint generated always as identity, -- the order of creation
  label          text   not null,
  postal_address jsonb  not null, -- google.type.PostalAddress, names as in its contract
  constraint addresses_label_check check (char_length(label) <= 100),
  constraint addresses_postal_address_check check (
    jsonb_typeof(postal_address) = 'object' and postal_address ->> 'region_code' ~ '^[A-Z]{2}$'
    and jsonb_array_length(postal_address -> 'address_lines') between 1 and 5
  )
);
create index addresses_by_customer on addresses (customer_id, position);

-- Events that leave (kit/outbox).
create table outbox (
  id          bigint generated always as identity primary key,
  topic       text        not null,
  key         uuid        not null,
  version     bigint      not null,
  type        text        not null,
  source      text        not null,
  payload     bytea       not null,
  traceparent text        not null,
  create_time timestamptz not null
) with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

create table outbox_leader (
  one      boolean primary key default true check (one),
  holder   uuid    not null,
  released boolean not null
);

-- Events that could not be applied (kit/consumer).
create table dead_letters (
  id             bigint generated always as identity primary key,
  consumer_group text        not null,
  topic          text        not null,
  partition      int         not null,
  record_offset  bigint      not null,
  key            uuid        not null,
  event_id       text        not null,
  event_type     text        not null,
  version        bigint      not null,
  event_time     timestamptz not null,
  value          bytea       not null,
  traceparent    text        not null,
  cause          text        not null,
  create_time    timestamptz not null default now(),
  unique (consumer_group, topic, partition, record_offset)
);
create index dead_letters_key on dead_letters (key, consumer_group, topic);

-- +goose Down
drop table dead_letters;
drop table outbox_leader;
drop table outbox;
drop table addresses;
drop table customers;
