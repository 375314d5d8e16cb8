-- +goose Up

-- Whether the link is sent by mail: MintMailLink returns no others, such as those of the
-- operator's socket. Of links from before this column, and of an older program that still runs,
-- that is not known: they count as mailed, because a mail without its link is of no use.
alter table links add column mailed boolean not null default true;

-- +goose Down
alter table links drop column mailed;
