-- +goose Up

-- Who signs in. An address is as mails are sent to it; email_key is the same in ASCII's
-- lower case, as bytes, so that no collation decides whose account a mail opens.
create table accounts (
  id             uuid        primary key,
  kind           smallint    not null, -- shopmesh.identity.v1.AccountKind
  email          text        collate "C" not null,
  email_key      bytea       not null,
  first_name     text        not null,
  last_name      text        not null,
  customer_id    uuid,
  owner          boolean     not null,
  permissions    int[]       not null, -- shopmesh.options.v1.Permission
  password_hash  text        not null, -- PHC string; empty: no password yet
  totp_sealed    bytea       not null, -- the second factor's secret, encrypted; empty: none
  totp_last_step bigint      not null, -- the step of the last code that was taken
  disabled       boolean     not null,
  epoch          bigint      not null,
  version        bigint      not null,
  create_time    timestamptz not null,
  update_time    timestamptz not null,
  constraint accounts_email_once unique (kind, email_key),
  constraint accounts_kind_check check (kind in (1, 2)),
  constraint accounts_customer_id_check check ((kind = 1) = (customer_id is not null)),
  constraint accounts_roles_check check (kind = 2 or not owner and permissions = '{}'),
  constraint accounts_email_check check (octet_length(email_key) between 3 and 254 and octet_length(email) between 3 and 254),
  constraint accounts_epoch_check check (epoch >= 1),
  constraint accounts_version_check check (version >= 1)
);
-- How many owners may sign in: the rows are few.
create index accounts_owners on accounts (id) where owner;
create index accounts_by_create_time on accounts (create_time, id);
create unique index accounts_by_customer on accounts (customer_id) where customer_id is not null;

-- A sign-in and its family of refresh tokens. Nothing of a token is stored: it is derived
-- from the id, the number and a secret outside of the database.
create table sessions (
  id           uuid        primary key,
  account_id   uuid        not null references accounts (id) on delete cascade,
  number       bigint      not null, -- of the last refresh token, from 1
  refresh_time timestamptz not null, -- when that was made
  create_time  timestamptz not null,
  auth_time    timestamptz not null, -- when a password was last shown
  methods      text[]      not null, -- RFC 8176
  place        text        not null, -- the address or prefix that it began from
  agent        text        not null, -- the program, as it calls itself
  end_time     timestamptz,
  constraint sessions_number_check check (number >= 1),
  constraint sessions_agent_check check (char_length(agent) <= 200)
);
create index sessions_by_account on sessions (account_id, create_time);
create index sessions_by_refresh_time on sessions (refresh_time);

-- What people requested with nothing but an address. One row is written whoever has the
-- address; a worker decides later which mail follows, so that an answer's time does not
-- show whether the address has an account.
create table mail_requests (
  id          uuid        primary key,
  purpose     smallint    not null, -- 1 sign up, 2 reset the password, 4 another address
  kind        smallint    not null, -- of the account
  email       text        collate "C" not null,
  email_key   bytea       not null,
  account_id  uuid,                 -- who requested another address
  create_time timestamptz not null,
  constraint mail_requests_purpose_check check (purpose in (1, 2, 4))
);

-- Mailed links. The token of one is derived from its id and a secret outside of the
-- database. Links that are over are deleted after a week.
create table links (
  id          uuid        primary key,
  purpose     smallint    not null, -- 1 verify, 2 reset, 3 invitation, 4 another address
  kind        smallint    not null,
  email       text        collate "C" not null,
  email_key   bytea       not null,
  account_id  uuid        not null, -- for 1 and 3 the account that it makes
  owner       boolean     not null,
  permissions int[]       not null,
  invited_by  uuid,
  create_time timestamptz not null,
  expire_time timestamptz not null,
  use_time    timestamptz,
  constraint links_purpose_check check (purpose between 1 and 4)
);
-- How many mails an address got within the last hour.
create index links_by_email on links (email_key, create_time);
create index links_by_account on links (account_id) where use_time is null;
create index links_by_expire_time on links (expire_time);

-- SHA-256 of codes that stand for those of an authenticator that was lost; each is gone
-- once it was used.
create table recovery_codes (
  account_id uuid  not null references accounts (id) on delete cascade,
  hash       bytea not null,
  primary key (account_id, hash)
);

-- Failed sign-ins, by SHA-256 of what they are counted for: an address and a place, or an
-- address. Rows older than a day count no more and are deleted; since each costs a hash of
-- a password, there can't be more than about a million.
create table sign_in_failures (
  subject    bytea       primary key,
  count      int         not null,
  since_time timestamptz not null,
  last_time  timestamptz not null
) with (fillfactor = 70);
create index sign_in_failures_by_since_time on sign_in_failures (since_time);

-- +goose Down
drop table sign_in_failures;
drop table recovery_codes;
drop table links;
drop table mail_requests;
drop table sessions;
drop table accounts;
