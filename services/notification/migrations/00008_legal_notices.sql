-- +goose Up

-- The addresses of the shop's legal notices as they were when the mail was requested: its
-- text ends with links to them. In the order imprint, terms, privacy, withdrawal; null when
-- there were none.
alter table notifications add column legal_notices text[];

-- +goose Down
alter table notifications drop column legal_notices;
