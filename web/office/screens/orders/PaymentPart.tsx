import { skipToken } from "@tanstack/react-query";
import { useQuery } from "@connectrpc/connect-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import type { Payment, Refund } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { PaymentStatus, RefundStatus } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { PaymentService } from "@shopmesh/api/shopmesh/payment/v1/payment_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Facts, Price } from "../../components/Small";
import { Failed, Skeleton } from "../../components/States";
import { minus, positive } from "../../form/money";
import { useSession } from "../../session/browser";
import { time } from "../../texts/format";
import { say } from "../../texts/say";
import { RefundDialog } from "./RefundDialog";

type KnownStatus = Exclude<keyof typeof PaymentStatus, "UNSPECIFIED">;
type KnownRefund = Exclude<keyof typeof RefundStatus, "UNSPECIFIED">;

/** The money of an order: what was taken and given back, and giving more back. */
export function PaymentPart({ order }: { order: Order }) {
  const session = useSession();
  const reads = session.may(Permission.PAYMENTS_READ) && order.paymentId !== "";
  const payment = useQuery(PaymentService.method.getPayment, reads ? { id: order.paymentId } : skipToken);
  const refunds = useQuery(PaymentService.method.listRefunds, reads ? { paymentId: order.paymentId } : skipToken);
  if (!reads) return null;
  return (
    <section className="stack">
      <h2>{say("order.payment")}</h2>
      {payment.isPending && <Skeleton rows={4} />}
      {payment.error && <Failed error={payment.error} retry={() => void payment.refetch()} />}
      {payment.data?.payment && <Shown order={order} payment={payment.data.payment} />}
      {refunds.error && <Failed error={refunds.error} retry={() => void refunds.refetch()} />}
      {refunds.data?.refunds.map((refund) => <OneRefund key={refund.id} refund={refund} />)}
    </section>
  );
}

function Shown({ order, payment }: { order: Order; payment: Payment }) {
  const [open, setOpen] = useState(false);
  const left = payment.captured && minus(payment.captured, payment.refunded);
  const mayRefund = useSession().may(Permission.PAYMENTS_REFUND);
  return (
    <>
      <Facts facts={[
        [say("payment.reference"), <bdi key="reference">{payment.reference}</bdi>],
        [say("payment.status"), say(`payment.status.${PaymentStatus[payment.status] as KnownStatus}`)],
        [say("payment.method"), <bdi key="method">{payment.paymentMethod}</bdi>],
        [say("payment.captured"), <Price key="captured" amount={payment.captured} />],
        [say("payment.refunded"), <Price key="refunded" amount={payment.refunded} />],
      ]} />
      {mayRefund && positive(left) && <div className="actions"><Button kind="bad" onPress={() => setOpen(true)}>{say("refund.open")}</Button></div>}
      {open && left && <RefundDialog order={order} left={left} onClose={() => setOpen(false)} />}
    </>
  );
}

function OneRefund({ refund }: { refund: Refund }) {
  return (
    <p>
      <Price amount={refund.amount} /> · {say(`refund.status.${RefundStatus[refund.status] as KnownRefund}`)} · {time(refund.createTime)}
      {refund.reason && <> · {refund.reason}</>}
      {refund.failureCode && <> · <code>{refund.failureCode}</code></>}
    </p>
  );
}
