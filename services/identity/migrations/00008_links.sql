-- +goose Up

-- Whether VerifyEmail began to make the account of a link: from then on customer may know the
-- account as a customer's, so that each later link of the address must make the same one. Such
-- a link is kept until there is the account, or the customer is erased.
alter table links add column begun boolean not null default false;

-- Whether the link also removes the account's second factor.
alter table links add column reset_totp boolean not null default false;

-- +goose Down
delete from links where reset_totp;
alter table links drop column reset_totp;
alter table links drop column begun;
