-- +goose Up

-- When its address was last shown to be its owner's, and the version of the account then:
-- for AccountVerified, which is published again.
alter table accounts add column verify_time timestamptz;
alter table accounts add column verify_version bigint not null default 1;
update accounts set verify_time = create_time;
alter table accounts alter column verify_time set not null;
create index accounts_by_verify_time on accounts (verify_time);

-- +goose Down
drop index accounts_by_verify_time;
alter table accounts drop column verify_version;
alter table accounts drop column verify_time;
