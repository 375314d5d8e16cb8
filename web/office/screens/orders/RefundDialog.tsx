import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import type { Money } from "@shopmesh/api/google/type/money_pb";
import { InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { PaymentService } from "@shopmesh/api/shopmesh/payment/v1/payment_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Dialog } from "../../components/Dialog";
import { Check, Choice, Field, MoneyField, QuantityField } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { fromNumber, toNumber } from "../../form/money";
import { useRequestId } from "../../form/useRequestId";
import { refuse } from "../../rpc/errors";
import { useSession } from "../../session/browser";
import { money } from "../../texts/format";
import { count, say } from "../../texts/say";
import type { Quantities } from "./refund";
import { refundedLines, sumOf } from "./refund";

type By = "lines" | "amount" | "all";

/** Gives money back: for lines, an amount, or all that is left. What comes back can go into stock again, which a refund alone does not do. */
export function RefundDialog({ order, left, onClose }: { order: Order; left: Money; onClose(): void }) {
  const done = useDone();
  const requestId = useRequestId();
  const transport = useTransport();
  const mayRestock = useSession().may(Permission.STOCK_WRITE);
  const [by, setBy] = useState<By>("lines");
  const [quantities, setQuantities] = useState<Quantities>({});
  const [amount, setAmount] = useState(Number.NaN);
  const [restock, setRestock] = useState(false);
  const [reason, setReason] = useState("");
  const currency = left.currencyCode;
  const lines = by === "lines" ? refundedLines(order.lines, quantities) : [];
  const sum = by === "lines" ? sumOf(order.lines, quantities, currency) : by === "all" ? left : fromNumber(amount || 0, currency);
  const units = lines.reduce((all, line) => all + line.quantity, 0);

  const refund = useMutation({
    mutationFn: async () => {
      // Without lines and amount the contract gives back all that is left: that is asked for by name alone.
      if (by === "lines" && lines.length === 0) throw refuse([{ field: `lines.${order.lines[0]?.productCode ?? ""}`, description: say("refund.none") }]);
      const request = { paymentId: order.paymentId, reason, lines, ...(by === "amount" && { amount: sum }) };
      await createClient(PaymentService, transport).refundPayment({ ...request, requestId: requestId(request) });
      if (!restock) return;
      const inventory = createClient(InventoryService, transport);
      for (const { productCode, quantity } of lines) {
        const adjustment = { productCode, delta: BigInt(quantity), reason: say("refund.restock_reason", { Number: order.number }) };
        await inventory.adjustStock({ ...adjustment, requestId: requestId("restock", request, productCode) });
      }
    },
    onSuccess: () => {
      done(say("refund.done", { Money: money(sum) }));
      onClose();
    },
  });
  return (
    <Dialog title={say("refund.title", { Number: order.number })} kind="alertdialog" onClose={onClose}>
      <p>{say("refund.left", { Money: money(left) })}</p>
      <Form error={refund.error} pending={refund.isPending} kind="bad" onCancel={onClose} onSubmit={() => refund.mutate()}
        submit={by === "lines" ? count("refund.submit_lines", units, { Money: money(sum) }) : say("refund.submit", { Money: money(sum) })}>
        <Choice<By> name="by" label={say("refund.by")} value={by} onChange={setBy} options={[
          { value: "lines", label: say("refund.by.lines") }, { value: "amount", label: say("refund.by.amount") }, { value: "all", label: say("refund.by.all") },
        ]} />
        {by === "lines" && order.lines.map((line) => (
          <QuantityField key={line.productCode} name={`lines.${line.productCode}`} label={say("refund.line", { Name: line.name, Money: money(line.unitPrice) })}
            value={quantities[line.productCode] ?? 0} min={0} max={line.quantity}
            onChange={(quantity) => setQuantities({ ...quantities, [line.productCode]: quantity })} />
        ))}
        {by === "amount" && <MoneyField name="amount" label={say("refund.amount")} currency={currency} value={amount} max={toNumber(left)} onChange={setAmount} />}
        {by === "lines" && mayRestock && <Check name="restock" label={say("refund.restock")} value={restock} onChange={setRestock} />}
        <Field name="reason" label={say("refund.reason")} help={say("cancel.reason_help")} value={reason} onChange={setReason} rows={2} max={500} />
      </Form>
    </Dialog>
  );
}
