-- +goose Up
-- The version before keeps working: it writes orders without these columns, which have
-- defaults, and knows nothing of link_requests.

-- The language in which the customer is written to (BCP 47); empty for the shop's.
alter table orders add column language_code text not null default '';

-- The last mails with nothing but the link of a guest's order, oldest first: the id that a
-- mail is known by, the version of its event, when it was requested, and whether it is still
-- awaited. In orders.awaits that is the bit 1024, LINK_MAIL.
alter table orders add column link_mails jsonb not null default '[]';

-- Who requested the link of an order, by its number and an address; whether there is such an
-- order is decided later, so that the request shows nothing about it. A row goes with that.
create table link_requests (
  id          bigint      generated always as identity primary key,
  number      text        not null,
  email       text        not null,
  traceparent text        not null,
  create_time timestamptz not null
);

-- +goose Down
drop table link_requests;
alter table orders drop column link_mails;
alter table orders drop column language_code;
