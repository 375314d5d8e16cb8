import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { CustomerService } from "@shopmesh/api/shopmesh/customer/v1/customer_service_pb";
import { Button } from "../../components/Button";
import { save as saveFile } from "../../components/save";
import { Failed } from "../../components/States";
import { say } from "../../texts/say";

/** Whom data is about: a customer, or a guest, who is known by an address alone. */
export type Who = { id: string } | { email: string };

/** Saves all that the shop holds about somebody as a file. */
export function Export({ who }: { who: Who }) {
  const customers = createClient(CustomerService, useTransport());
  const save = useMutation({
    mutationFn: async () => {
      const { content, contentType } = await customers.exportCustomer(who);
      saveFile("customer.json", contentType, [new Uint8Array(content)]);
    },
  });
  return (
    <>
      <Button kind="quiet" pending={save.isPending} onPress={() => save.mutate()}>{say("customer.export")}</Button>
      {save.error && <Failed error={save.error} retry={() => save.mutate()} />}
    </>
  );
}
