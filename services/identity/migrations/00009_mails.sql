-- +goose Up

-- What was requested to be mailed about accounts of late, links and notices. Nobody awaits
-- such a mail, so it is published again at each start: the broker may have lost it.
create table mails (
  id           uuid        primary key, -- of the link or the notice
  mail         smallint    not null, -- shopmesh.identity.v1.MailKind; 0 for a notice
  notice       smallint    not null, -- shopmesh.identity.v1.NoticeKind; 0 for a link
  kind         smallint    not null,
  account_id   uuid        not null, -- of a link for signing up the one that it makes
  customer_id  uuid,
  email        text        collate "C" not null,
  email_key    bytea       not null,
  create_time  timestamptz not null,
  expire_time  timestamptz -- of a link
);
create index mails_by_create_time on mails (create_time);
create index mails_by_account on mails (account_id);
create index mails_by_email on mails (email_key);

-- +goose Down
drop table mails;
