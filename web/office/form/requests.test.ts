import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@shopmesh/api/google/rpc/error_details_pb";
import { BatchShipOrdersRequestSchema, BatchShipOrdersResponseSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { RefundPaymentRequestSchema, RefundPaymentResponseSchema } from "@shopmesh/api/shopmesh/payment/v1/payment_service_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { telling } from "../rpc/answers";
import { answered, contentOf, requestId, unanswered } from "./requests";

function memory() {
  const items = new Map<string, string>();
  return { getItem: (key: string) => items.get(key) ?? null, setItem: (key: string, value: string) => void items.set(key, value), removeItem: (key: string) => void items.delete(key) };
}

// sending gives what is sent its ids: A, B and so on.
function sending(store = memory()) {
  let drawn = 0;
  return { store, send: (what: string, now = 0) => requestId(store, what, now, () => String.fromCharCode(65 + drawn++)) };
}

const refund = contentOf("ada", "RefundPayment", [{ paymentId: "1", reason: "", lines: [{ productCode: "MUG", quantity: 1 }] }]);

test("a request whose answer was lost is asked for again, after its dialog was closed and the page loaded anew, too (woocommerce#14541)", () => {
  const { store, send } = sending();
  assert.equal(send(refund, 5), "A");
  assert.equal(send(refund, 9), "A");
  assert.deepEqual(unanswered(store, refund), new Date(5));
  assert.equal(requestId(store, contentOf("ada", "RefundPayment", [{ paymentId: "1", reason: "broken", lines: [] }]), 0, () => "Z"), "Z");
  assert.equal(requestId(store, contentOf("bob", "RefundPayment", JSON.parse(refund).slice(2)), 0, () => "Y"), "Y");
  assert.equal(send(refund), "A");
});

test("once it is answered, the same is another request", () => {
  const { store, send } = sending();
  send(refund);
  answered(store, "A", true);
  assert.equal(unanswered(store, refund), undefined);
  assert.equal(send(refund), "B");
  answered(store, "B", false);
  assert.equal(send(refund), "C");
});

test("a refusal of the second try does not tell what became of the first", () => {
  const { store, send } = sending();
  send(refund);
  send(refund);
  answered(store, "A", false);
  assert.equal(send(refund), "A");
  answered(store, "A", true);
  assert.equal(send(refund), "B");
});

test("numbers of any size are part of what is asked for", () => {
  assert.notEqual(contentOf("ada", "AdjustStock", [{ delta: 5n }]), contentOf("ada", "AdjustStock", [{ delta: 6n }]));
});

// heard tells which ids were answered, and how, by a call that ends with this.
async function heard(message: object, end: object | Error) {
  const ids: string[] = [];
  const next = () => (end instanceof Error ? Promise.reject(end) : Promise.resolve({ stream: false, message: end }));
  const call = telling((id, used) => void ids.push(`${id} ${used ? "used" : "refused"}`))(next as never);
  await call({ stream: false, message } as never).catch(() => undefined);
  return ids;
}

const shops = (code: Code, reason = "REFUND_TOO_LARGE") => new ConnectError("no", code, undefined, [{ desc: ErrorInfoSchema, value: { reason, domain: "shopmesh" } }]);

test("an answer and a refusal of the shop are answers, what was lost on the way is none", async () => {
  const request = create(RefundPaymentRequestSchema, { requestId: "A" });
  assert.deepEqual(await heard(request, create(RefundPaymentResponseSchema)), ["A used"]);
  assert.deepEqual(await heard(request, shops(Code.FailedPrecondition)), ["A refused"]);
  assert.deepEqual(await heard(request, shops(Code.AlreadyExists, "REQUEST_ID_REUSED")), ["A used"], "another id is needed");
  for (const code of [Code.Unavailable, Code.DeadlineExceeded, Code.Internal]) assert.deepEqual(await heard(request, shops(code)), []);
  assert.deepEqual(await heard(request, new TypeError("Failed to fetch")), []);
  assert.deepEqual(await heard(request, new ConnectError("Forbidden", Code.PermissionDenied)), [], "a proxy refused");
});

test("each row of a batch has its own answer", async () => {
  const batch = create(BatchShipOrdersRequestSchema, { requests: [{ requestId: "A" }, { requestId: "B" }] });
  const answer = create(BatchShipOrdersResponseSchema, { outcomes: [{ outcome: { case: "order", value: {} } }, { outcome: { case: "refusal", value: { reason: "ORDER_STATE" } } }] });
  assert.deepEqual(await heard(batch, answer), ["A used", "B refused"]);
});
