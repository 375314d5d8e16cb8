import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Notice } from "../../components/Small";
import { Failed } from "../../components/States";
import { drop } from "../../form/draft";
import { count, say } from "../../texts/say";
import type { Shipment } from "./shipping";
import { draftsIn, ordersOf, shipmentAgain } from "./shipping";

/** What was typed for many orders before the page was loaded anew: nothing is selected any more, so nothing else leads back to it. */
export function ShipBegun({ onGoOn }: { onGoOn(shipment: Shipment): void }) {
  const [keys, setKeys] = useState(() => draftsIn(sessionStorage)); // the one of a dialog that is open is none of them
  return keys.map((key) => {
    const end = () => setKeys((all) => all.filter((one) => one !== key));
    return (
      <Begun key={key} ids={ordersOf(key)} onGoOn={(shipment) => {
        end();
        onGoOn(shipment);
      }} onGiveUp={() => {
        drop(sessionStorage, key);
        end();
      }} />
    );
  });
}

function Begun({ ids, onGoOn, onGiveUp }: { ids: readonly string[]; onGoOn(shipment: Shipment): void; onGiveUp(): void }) {
  const service = createClient(OrderService, useTransport());
  const read = useMutation({
    mutationFn: async () => {
      const answers = await Promise.all(ids.map((id) => service.getOrder({ id })));
      return shipmentAgain(answers.flatMap(({ order }) => order ?? []));
    },
    onSuccess: onGoOn,
  });
  return (
    <Notice>
      <p>{count("ship.begun", ids.length)}</p>
      {read.error && <Failed error={read.error} retry={() => read.mutate()} />}
      <div className="actions">
        <Button pending={read.isPending} onPress={() => read.mutate()}>{say("draft.go_on")}</Button>
        <Button kind="quiet" onPress={onGiveUp}>{say("draft.give_up")}</Button>
      </div>
    </Notice>
  );
}
