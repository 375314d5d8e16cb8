import { skipToken } from "@tanstack/react-query";
import { useQuery } from "@connectrpc/connect-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import type { Payment, Refund } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { PaymentStatus, RefundStatus } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { PaymentService } from "@shopmesh/api/shopmesh/payment/v1/payment_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Said } from "../../components/Said";
import { ControlBar, Skeleton, TextBar } from "../../components/Skeleton";
import { Facts, Price } from "../../components/Small";
import { Failed } from "../../components/States";
import { positive } from "../../form/money";
import { useSession } from "../../session/browser";
import { number, time } from "../../texts/format";
import { say, texts } from "../../texts/say";
import { leftOf, linesText } from "./refund";
import { RefundDialog } from "./RefundDialog";
import { RestockNotice } from "./RestockNotice";
import { useRestock } from "./useRestock";

// As many refunds as one call answers with.
const MOST = 1000;

type KnownStatus = Exclude<keyof typeof PaymentStatus, "UNSPECIFIED">;
type KnownRefund = Exclude<keyof typeof RefundStatus, "UNSPECIFIED">;

/** The money of an order: what was taken and given back, and giving more back. */
export function PaymentPart({ order }: { order: Order }) {
  const session = useSession();
  const reads = session.may(Permission.PAYMENTS_READ) && order.paymentId !== "";
  const payment = useQuery(PaymentService.method.getPayment, reads ? { id: order.paymentId } : skipToken);
  const refunds = useQuery(PaymentService.method.listRefunds, reads ? { paymentId: order.paymentId, pageSize: MOST } : skipToken);
  if (!reads) return null;
  const pending = payment.isPending || refunds.isPending;
  return (
    <section className="stack">
      <h2>{say("order.payment")}</h2>
      {pending && <PaymentBars left={positive(order.balance)} refunded={positive(order.refunded)} />}
      {payment.error && <Failed error={payment.error} retry={() => void payment.refetch()} />}
      {!pending && payment.data?.payment && <Shown order={order} payment={payment.data.payment} refunds={refunds.data?.refunds} />}
      {refunds.error && <Failed error={refunds.error} retry={() => void refunds.refetch()} />}
      {!pending && refunds.data?.refunds.map((refund) => <OneRefund key={refund.id} order={order} refund={refund} />)}
    </section>
  );
}

// What is left is known with the refunds alone: where they could not be read, nothing is given back.
function Shown({ order, payment, refunds }: { order: Order; payment: Payment; refunds: readonly Refund[] | undefined }) {
  const [open, setOpen] = useState(false);
  const restock = useRestock(order);
  const left = refunds && leftOf(order, payment, refunds);
  const mayRefund = useSession().may(Permission.PAYMENTS_REFUND);
  return (
    <>
      <Facts facts={[
        [say("payment.reference"), <bdi key="reference">{payment.reference}</bdi>],
        [say("payment.status"), say(`payment.status.${PaymentStatus[payment.status] as KnownStatus}`)],
        [say("payment.method"), <bdi key="method">{methodName(payment.paymentMethod)}</bdi>],
        [say("payment.captured"), <Price key="captured" amount={payment.captured} />],
        [say("payment.refunded"), <Price key="refunded" amount={payment.refunded} />],
      ]} />
      <RestockNotice order={order} restock={restock} />
      {mayRefund && positive(left?.money) && <div className="actions"><Button kind="bad" onPress={() => setOpen(true)}>{say("refund.open")}</Button></div>}
      {open && left && <RefundDialog order={order} left={left} restock={restock} onClose={() => setOpen(false)} />}
    </>
  );
}

/** Holds the place of the money of an order: what of it can be given back still, and what was. */
export function PaymentBars({ left, refunded }: { left: boolean; refunded: boolean }) {
  const mayRefund = useSession().may(Permission.PAYMENTS_REFUND);
  const names = ["payment.reference", "payment.status", "payment.method", "payment.captured", "payment.refunded"] as const;
  return (
    <Skeleton>
      <Facts facts={names.map((name) => [say(name), <TextBar key={name} />])} />
      {mayRefund && left && <div className="actions"><ControlBar>{say("refund.open")}</ControlBar></div>}
      {refunded && <p><TextBar /></p>}
    </Skeleton>
  );
}

// A card has an id of its own at Stripe; a method that has no text is shown as the settings have it.
function methodName(method: string): string {
  return texts.code("payment.method", method.startsWith("pm_") ? "pm_*" : method) ?? method;
}

function OneRefund({ order, refund }: { order: Order; refund: Refund }) {
  return (
    <p>
      <Price amount={refund.amount} /> · {say(`refund.status.${RefundStatus[refund.status] as KnownRefund}`)} · {time(refund.createTime)}
      {refund.lines.length > 0 && <> · {linesText(order, refund.lines, number)}</>}
      {refund.reason && <> · {refund.reason}</>}
      {refund.failureCode && <> · <Said by={say("said.provider")} text={refund.failureCode} lang="en" /></>}
    </p>
  );
}
