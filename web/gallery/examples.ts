// What the components show.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@shopmesh/api/google/rpc/error_details_pb";
import { NotificationSchema, NotificationStatus } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderDisputeStatus, OrderSchema, OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { fromNumber } from "../office/form/money";
import { refuse } from "../office/rpc/errors";

export const euros = (amount: number) => fromNumber(amount, "EUR");
export const at = (time: string) => timestampFromDate(new Date(`2026-11-30T${time}:00Z`));

/** An order in a state. */
export function order(state: OrderState, id = OrderState[state]): Order {
  return create(OrderSchema, {
    id,
    number: "ABCD-1234",
    state,
    createTime: at("11:03"),
    contact: { firstName: "Ada", lastName: "Lovelace", email: "ada@example.com" },
    shippingAddress: { organization: "Analytical Engines", addressLines: ["12 St James’s Square"], postalCode: "SW1Y 4JH", locality: "London", regionCode: "GB" },
    lines: [
      { productCode: "MUG", name: "Blue mug", quantity: 2, unitPrice: euros(16), total: euros(32) },
      { productCode: "CUP", name: "كوب أزرق", quantity: 1, unitPrice: euros(1234), total: euros(1234) },
    ],
    adjustments: [{ label: "Shipping", amount: euros(5) }],
    subtotal: euros(1266),
    total: euros(1271),
    captured: euros(1271),
    refunded: euros(0),
    balance: euros(1271),
    paymentMethod: "stripe_checkout",
    history: [{ state: OrderState.CONFIRMED, createTime: at("11:04") }],
  });
}

/** An order that a bank asks about, and of which money went back. */
export function disputed(): Order {
  return { ...order(OrderState.SHIPPED, "disputed"), refunded: euros(5), disputes: create(OrderSchema, { disputes: [{ status: OrderDisputeStatus.NEEDS_RESPONSE }] }).disputes };
}

export const mail = create(NotificationSchema, { id: "1", recipient: "ada@example.com", status: NotificationStatus.FAILED });

/** What a call fails with. */
export function failure(reason: string): ConnectError {
  return new ConnectError("away", Code.Unavailable, undefined, [{ desc: ErrorInfoSchema, value: { reason, domain: "shopmesh", metadata: { reference: "7f3a-11c0" } } }]);
}

/** What a form is refused for. */
export const refused = refuse([
  { field: "contact.email", description: "must be an e-mail address" },
  { field: "contact.first_name", description: "must be written on one line" },
]);
export const refusedAddress = refuse([
  { field: "address_lines", description: "must be 1 to 5 lines" },
  { field: "region_code", description: "must be the code of a country" },
]);
