-- +goose Up

-- Name, currency and sender of mails belong to the shop as a whole: what notification and
-- catalog had of these becomes the first version of the shop's settings. notification gets a
-- version without them. Its versions from before, and those of catalog, stay as they were.
with newest as (
  select distinct on (context) context, version, value from settings_versions
  where context in ('catalog', 'notification') order by context, version desc
), shop as (
  select jsonb_strip_nulls(jsonb_build_object(
    'name', (select value -> 'shopName' from newest where context = 'notification'),
    'senderEmail', (select value -> 'senderEmail' from newest where context = 'notification'),
    'replyToEmail', (select value -> 'replyToEmail' from newest where context = 'notification'),
    'currency', (select value -> 'defaultCurrency' from newest where context = 'catalog')
  )) as value
)
insert into settings_versions (context, version, id, value, actor, changed_paths, create_time)
select 'shop', 1, uuidv7(), value, 'service/config', array(
  select case key when 'senderEmail' then 'sender_email' when 'replyToEmail' then 'reply_to_email' else key end from jsonb_object_keys(value) key order by key
), now()
from shop where value <> '{}'
union all
select context, version + 1, uuidv7(), value - '{shopName,senderEmail,replyToEmail}'::text[], 'service/config', array(
  select case key when 'shopName' then 'shop_name' when 'senderEmail' then 'sender_email' else 'reply_to_email' end
  from jsonb_object_keys(value) key where key in ('shopName', 'senderEmail', 'replyToEmail') order by key
), now()
from newest where context = 'notification' and value ?| array['shopName', 'senderEmail', 'replyToEmail'];

-- +goose Down
delete from settings_versions where context = 'shop';
