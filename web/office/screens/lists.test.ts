import { NotificationKindSchema } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { activityFilter, activitySearch } from "./activity/search";
import { customerFilter, customerSearch } from "./customers/search";
import { understood } from "../rpc/search";
import { kinds, mailFilter, mailSearch, previewSearch } from "./mails/search";

test("what an address holds becomes the list's filter, and nothing else does", () => {
  assert.equal(mailFilter(mailSearch({ q: 'a"b@x.example', view: "failed" })), '"a\\"b@x.example" AND status = FAILED');
  assert.deepEqual(mailSearch({ view: "lost" }), {});
  assert.equal(customerFilter(customerSearch({ q: "ada lovelace" })), '"ada" "lovelace" AND erased = false');
  assert.equal(activityFilter(activitySearch({ q: "products/1", view: "refused" })), 'resource = "products/1" AND outcome = REFUSED');
  assert.equal(activityFilter(activitySearch({ q: "0190" })), 'actor_id = "0190"');
  assert.equal(
    activityFilter(activitySearch({ q: "products/1", who: "0190", from: "2026-03-29", to: "2026-03-29" }), "Europe/Berlin"),
    'resource = "products/1" AND actor_id = "0190" AND create_time >= "2026-03-28T23:00:00.000Z" AND create_time < "2026-03-29T22:00:00.000Z"',
  );
  assert.deepEqual(activitySearch({ from: "yesterday" }), {});
});

test("what an address holds that is not understood is undefined, so that the router does not keep it (vendure#1532)", () => {
  assert.deepEqual(understood(mailSearch)({ q: "a", view: "lost", other: 1 }), { q: "a", view: undefined, other: undefined });
});

test("a preview is its address: an occasion and a language", () => {
  assert.deepEqual(previewSearch({ kind: "ORDER_SHIPPED", language: "ar" }), { kind: "ORDER_SHIPPED", language: "ar" });
  for (const raw of [{ kind: "UNSPECIFIED", language: "fr" }, { kind: 1 }, {}]) assert.deepEqual(previewSearch(raw), {});
  assert.equal(kinds.length, NotificationKindSchema.values.length - 1);
});
