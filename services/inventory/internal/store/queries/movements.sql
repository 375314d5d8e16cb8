-- name: MovementInsertMany :exec
-- Ids are taken in the arrays' order.
insert into movements (product_id, kind, delta, on_hand_after, order_id, reason, actor, trace_id, create_time)
select m.product_id, m.kind, m.delta, m.on_hand_after,
       nullif(m.order_id, '00000000-0000-0000-0000-000000000000'::uuid), m.reason, m.actor, m.trace_id, @create_time::timestamptz
from (
  select unnest(@product_ids::uuid[]) as product_id, unnest(@kinds::smallint[]) as kind,
         unnest(@deltas::bigint[]) as delta, unnest(@on_hand_afters::bigint[]) as on_hand_after,
         unnest(@order_ids::uuid[]) as order_id, unnest(@reasons::text[]) as reason,
         unnest(@actors::text[]) as actor, unnest(@trace_ids::text[]) as trace_id
) m;

-- name: MovementBlankReasons :exec
-- Blanks the reasons that mention one of the texts, which are in lower case. Nothing
-- else of the ledger ever changes.
with mentioned as (
  select m.id from movements m
  where m.reason <> '' and exists (select from unnest(@texts::text[]) t where position(t in lower(m.reason)) > 0)
  order by m.id
  for no key update
)
update movements m set reason = '' from mentioned where m.id = mentioned.id;
