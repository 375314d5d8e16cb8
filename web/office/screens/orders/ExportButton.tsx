import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Button } from "../../components/Button";
import { csvOf, save } from "../../components/save";
import { Failed } from "../../components/States";
import { say } from "../../texts/say";

/** Saves all orders that fit the list's filter, not its page alone, as a file for spreadsheets. */
export function ExportButton({ filter }: { filter: string }) {
  const orders = createClient(OrderService, useTransport());
  const read = useMutation({
    mutationFn: async () => {
      const parts: string[] = [];
      for await (const { csv } of orders.exportOrders({ filter })) parts.push(csv);
      save("orders.csv", "text/csv;charset=utf-8", csvOf(parts));
    },
  });
  return (
    <>
      <Button kind="quiet" pending={read.isPending} onPress={() => read.mutate()}>{say("orders.export")}</Button>
      {read.error && <Failed error={read.error} retry={() => read.mutate()} />}
    </>
  );
}
