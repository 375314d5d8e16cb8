// The codes of the contracts that the office says in words, by what the ids of their texts begin with.
import type { Reason } from "@shopmesh/api/shopmesh/errors/v1/reason_pb";
import type { Rule } from "@shopmesh/api/shopmesh/errors/v1/rule_pb";
import type { StockMovementKind } from "@shopmesh/api/shopmesh/inventory/v1/stock_pb";
import type { CancelReason, OrderState, OrderStep } from "@shopmesh/api/shopmesh/order/v1/order_pb";

type Names<Enum> = Exclude<keyof Enum, "UNSPECIFIED"> & string;

/** Codes with a text in each language, or the office does not compile. */
export interface Codes {
  /** Why a call was refused. */
  reason: Names<typeof Reason>;
  /** What a field breaks. */
  rule: Names<typeof Rule>;
  /** Why an order was cancelled. */
  cancel_reason: Names<typeof CancelReason>;
  /** TimelineEntry.kind: what an order came to, its steps, and what other contexts tell of it. */
  timeline:
    | Names<typeof OrderState> | Exclude<Names<typeof OrderStep>, "STATE"> | Names<typeof StockMovementKind>
    | "PAYMENT_REQUESTED" | "CHARGE_ATTEMPT" | "REFUND_REQUESTED" | "REFUND_ATTEMPT" | "MAIL_REQUESTED" | "MAIL_ATTEMPT" | "MAIL_SENT";
  /** The contexts that an order's timeline can lack. */
  "settings.context": "inventory" | "payment" | "notification";
  /** Payment methods, written as in the settings of order. */
  "payment.method":
    | "sandbox_ok" | "sandbox_declined" | "sandbox_slow" | "sandbox_unknown_then_ok" | "sandbox_unknown_then_declined"
    | "stripe_checkout" | "pm_*";
  /** Why a bank demands money back (https://docs.stripe.com/disputes/categories). */
  "dispute.reason":
    | "bank_cannot_process" | "check_returned" | "credit_not_processed" | "customer_initiated" | "debit_not_authorized" | "duplicate"
    | "fraudulent" | "general" | "incorrect_account_details" | "insufficient_funds" | "noncompliant" | "product_not_received"
    | "product_unacceptable" | "subscription_canceled" | "unrecognized";
  /** Events of the payment provider: those of its webhook (docs/operations.md), and what payment itself finds at the provider. */
  "contradiction.event":
    | `payment_intent.${"succeeded" | "payment_failed" | "canceled" | "processing" | "requires_action"}`
    | `checkout.session.${"completed" | "expired" | "async_payment_succeeded" | "async_payment_failed"}`
    | `refund.${"created" | "updated" | "failed" | "listed"}`
    | `charge.dispute.${"created" | "updated" | "closed"}`
    | "mismatch";
}

/** The ids of their texts. */
export type CodeId = { [Kind in keyof Codes]: `${Kind}.${Codes[Kind]}` }[keyof Codes];
