-- name: DeadLetterPark :execrows
-- Something that a provider said: a letter without a key and a value, which can be
-- listed and discarded. It comes from no broker; its topic says from where.
insert into dead_letters (
  consumer_group, topic, partition, record_offset, key, event_id, event_type, version, event_time, value, traceparent, cause
)
values (
  @consumer_group, 'provider', 0, @number, '00000000-0000-0000-0000-000000000000', @event_id, @event_type, 0, now(), '', '', @cause
)
on conflict (consumer_group, topic, partition, record_offset) do nothing;
