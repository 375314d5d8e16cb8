import { useMutation } from "@connectrpc/connect-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { PaymentService, RefundPaymentRequestSchema } from "@shopmesh/api/shopmesh/payment/v1/payment_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Dialog } from "../../components/Dialog";
import { Check, Choice, Field, MoneyField, QuantityField } from "../../components/Field";
import { Form } from "../../components/Form";
import { Unanswered } from "../../components/Unanswered";
import { useDone } from "../../components/useDone";
import { toNumber } from "../../form/money";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { refuse } from "../../rpc/errors";
import { useSession } from "../../session/browser";
import { money, number } from "../../texts/format";
import { count, say } from "../../texts/say";
import type { By, Left } from "./refund";
import { emptyRefund, planned, shippingOf } from "./refund";
import type { Restock } from "./useRestock";

/** Gives money back: for lines, for delivery, an amount, or all that is left. What comes back can go into stock again, which a refund alone does not do. */
export function RefundDialog({ order, left, restock, onClose }: { order: Order; left: Left; restock: Restock; onClose(): void }) {
  const done = useDone();
  const requests = useRequests("RefundPayment");
  const mayRestock = useSession().may(Permission.STOCK_WRITE);
  const draft = useDraft(`refund:${order.id}`, emptyRefund(order), "");
  const [wrong, setWrong] = useState<unknown>();
  const close = () => {
    draft.end();
    onClose();
  };
  const of = (path: string) => draft.typed[path] ?? "";
  const by = of("by") as By;
  const plan = planned(order, left, draft.typed);
  const units = plan.lines.reduce((all, line) => all + line.quantity, 0);
  const shipping = left.shipping ?? (by === "shipping" ? shippingOf(order) : undefined); // one whose answer was lost is asked for again
  const refund = useMutation(PaymentService.method.refundPayment, {
    onMutate: () => plan.back,
    onSuccess: ({ refund: made }, _, back) => {
      done(say("refund.done", { Money: money(made?.amount) }));
      restock.begin(back);
      close();
    },
  });
  const request = { paymentId: order.paymentId, reason: of("reason"), lines: plan.lines.map((line) => ({ ...line })), ...plan.amount };
  const give = () => {
    // Without lines and amount the contract gives back all that is left: that is asked for by name alone.
    const none = by === "lines" && units === 0;
    setWrong(none ? refuse([{ field: `lines.${order.lines[0]?.productCode ?? ""}`, description: say("refund.none") }]) : undefined);
    if (!none) refund.mutate({ ...request, requestId: requests.id(request) });
  };
  return (
    <Dialog title={say("refund.title", { Number: order.number })} kind="alertdialog" changed={draft.mask.length > 0} onClose={close}>
      <p>{say("refund.left", { Money: money(left.money) })}</p>
      <Form message={RefundPaymentRequestSchema} error={wrong ?? refund.error} pending={refund.isPending} kind="bad" onSubmit={give} fieldOf={(name) => lineOf(name, plan.lines)}
        submit={by === "lines" ? count("refund.submit_lines", units, { Money: money(plan.sum) }) : say("refund.submit", { Money: money(plan.sum) })}>
        <Unanswered since={!refund.isPending && requests.unanswered(request)} />
        <Choice<By> name="by" label={say("refund.by")} value={by} onChange={(value) => draft.set("by", value)} options={[
          { value: "lines", label: say("refund.by.lines") },
          ...(shipping ? [{ value: "shipping" as const, label: say("refund.by.shipping", { Money: money(shipping) }) }] : []),
          { value: "amount", label: say("refund.by.amount") }, { value: "all", label: say("refund.by.all") },
        ]} />
        {by === "lines" && order.lines.map((line) => (
          <QuantityField key={line.productCode} name={`lines.${line.productCode}`} label={say("refund.line", { Name: line.name, Money: money(line.unitPrice) })}
            value={Number(of(`lines.${line.productCode}`))} min={0} max={left.lines[line.productCode] ?? 0}
            help={say("refund.line_left", { Left: number(left.lines[line.productCode] ?? 0), All: number(line.quantity) })}
            onChange={(quantity) => draft.set(`lines.${line.productCode}`, quantity ? String(quantity) : "")} />
        ))}
        {by === "amount" && (
          <MoneyField name="amount" label={say("refund.amount")} currency={left.money.currencyCode} value={of("amount") === "" ? Number.NaN : Number(of("amount"))} max={toNumber(left.money)}
            onChange={(amount) => draft.set("amount", Number.isNaN(amount) ? "" : String(amount))} />
        )}
        {(by === "lines" || by === "all") && mayRestock && (
          <Check name="restock" label={by === "all" ? say("refund.restock_all") : say("refund.restock")} value={of("restock") !== ""}
            onChange={(on) => draft.set("restock", on ? "yes" : "")} />
        )}
        <Field name="reason" label={say("refund.reason")} help={say("cancel.reason_help")} value={of("reason")} onChange={(reason) => draft.set("reason", reason)} rows={2} />
      </Form>
    </Dialog>
  );
}

// The field of a violation: the contract names lines by their place in the request, the form by their product.
function lineOf(name: string, lines: readonly { productCode: string }[]): string {
  const at = /^lines\[(\d+)\]/.exec(name)?.[1];
  return at === undefined ? name : `lines.${lines[Number(at)]?.productCode ?? ""}`;
}
