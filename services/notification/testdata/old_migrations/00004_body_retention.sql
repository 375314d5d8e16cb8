-- +goose Up

-- What a delivered mail said goes when its time is over; the row, which keeps the
-- mail from being sent again, stays. A mail without a recipient is erased.
alter table notifications
  drop constraint notifications_erased,
  add constraint notifications_erased check (
    (recipient <> '' or (content = '' and subject = '' and status <> 1)) and (content <> '' or recipient = '' or status = 2)
  );

-- Delivered mails that still say something, by the time of their delivery.
create index notifications_bodies on notifications (end_time) where status = 2 and content <> '';

-- +goose Down
drop index notifications_bodies;
