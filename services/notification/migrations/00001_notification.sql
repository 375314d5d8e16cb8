-- +goose Up

-- The mailbox: one row per mail, never deleted; (kind, subject_id) is what keeps
-- a mail from being sent for each time that its event comes.
-- content is what the event said, as protobuf; with kind, template and shop_name the
-- mail is rendered from it, the same at each attempt and whenever somebody looks.
-- A person's data is in recipient, subject and content only; all three are empty
-- once it is erased.
-- due_time is when the mail may be taken for sending: while somebody sends it, the
-- end of that one's lease. Only rows that are PENDING have one, so the partial index
-- holds what is to be sent and no more.
create table notifications (
  id            uuid        primary key,
  kind          smallint    not null, -- shopmesh.notification.v1.NotificationKind
  subject_id    uuid        not null,
  order_id      uuid        not null,
  customer_id   uuid,                 -- null: a guest
  status        smallint    not null, -- 1 PENDING, 2 SENT, 3 FAILED, 4 ERASED
  recipient     text        collate "C" not null,
  subject       text        not null,
  shop_name     text        not null,
  template      smallint    not null, -- the version of the templates
  content       bytea       not null,
  message_id    text        not null, -- without the angle brackets
  resend_count  int         not null,
  attempt_count int         not null, -- attempts in all
  retry_count   int         not null, -- failed attempts since it was last asked for
  cause         text        not null, -- why it is FAILED or ERASED, without personal data
  version       bigint      not null, -- counts the changes of status
  traceparent   text        not null, -- of the event that asked for it
  create_time   timestamptz not null,
  ask_time      timestamptz not null, -- when it, or its resending, was asked for
  due_time      timestamptz,
  end_time      timestamptz,          -- when it came to its status; null while PENDING
  send_time     timestamptz,          -- when the mail server last took it
  constraint notifications_once unique (kind, subject_id),
  constraint notifications_kind_check check (kind between 1 and 4),
  constraint notifications_status_check check (status between 1 and 4),
  constraint notifications_due_check check ((status = 1) = (due_time is not null)),
  constraint notifications_end_check check ((status = 1) = (end_time is null)),
  constraint notifications_sent_check check (status <> 2 or send_time is not null),
  constraint notifications_erased_check check ((recipient = '') = (content = '') and (recipient <> '' or subject = '')),
  constraint notifications_pending_check check (status <> 1 or recipient <> ''),
  constraint notifications_cause_check check ((status in (3, 4)) = (cause <> '') and char_length(cause) <= 500),
  constraint notifications_recipient_check check (char_length(recipient) <= 254),
  constraint notifications_subject_check check (char_length(subject) <= 250),
  constraint notifications_shop_name_check check (char_length(shop_name) between 1 and 100),
  constraint notifications_message_id_check check (char_length(message_id) between 1 and 400),
  constraint notifications_template_check check (template >= 1),
  constraint notifications_counts_check check (resend_count >= 0 and attempt_count >= 0 and retry_count between 0 and attempt_count),
  constraint notifications_version_check check (version >= 1)
) with (fillfactor = 70, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- What is to be sent, the longest waiting first.
create index notifications_due on notifications (due_time) where due_time is not null;
-- An order's mails, and the order of the audit.
create index notifications_by_order on notifications (order_id, kind, subject_id);
-- Erasure.
create index notifications_by_customer on notifications (customer_id) where customer_id is not null;
-- ListNotifications: what a person was sent, newest first.
create index notifications_by_recipient on notifications (recipient, id) where recipient <> '';
-- ListNotifications: what could not be sent, newest first.
create index notifications_failed on notifications (id) where status = 3;

-- What was tried. Without a foreign key: it is written in the transaction that
-- locks the notification.
create table delivery_attempts (
  notification_id uuid        not null,
  number          int         not null,
  accepted        boolean     not null,
  result          text        not null, -- addresses are masked
  trace_id        text        not null,
  create_time     timestamptz not null,
  primary key (notification_id, number),
  constraint delivery_attempts_number_check check (number >= 1),
  constraint delivery_attempts_result_check check (char_length(result) between 1 and 500),
  constraint delivery_attempts_trace_id_check check (trace_id = '' or trace_id ~ '^[0-9a-f]{32}$')
);

-- Customers whose data was erased, for the mails that are asked for afterwards by
-- events from before. Whoever erases takes this table in exclusive mode, whoever
-- writes mails in row share mode, so that neither misses the other.
create table erased_customers (
  customer_id uuid        primary key,
  create_time timestamptz not null
);

-- +goose Down
drop table erased_customers;
drop table delivery_attempts;
drop table notifications;
