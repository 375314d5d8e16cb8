-- +goose Up
-- The version before keeps working: columns more.

-- In which language an account's owner is written to, a mail was requested, and it is written
-- (BCP 47); empty for English.
alter table accounts add column language_code text collate "C" not null default '';
alter table mail_requests add column language_code text collate "C" not null default '';
alter table mails add column language_code text collate "C" not null default '';

-- +goose Down
alter table mails drop column language_code;
alter table mail_requests drop column language_code;
alter table accounts drop column language_code;
