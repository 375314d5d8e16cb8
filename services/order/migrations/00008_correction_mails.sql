-- +goose Up

-- The corrections that the customer is mailed about, oldest first: the id that the mail
-- is known by, the version of the event, the fields that changed, and whether the mail
-- is still awaited. In orders.awaits that is the bit 512, UPDATE_MAIL.
alter table orders add column corrections jsonb not null default '[]';

-- +goose Down
alter table orders drop column corrections;
