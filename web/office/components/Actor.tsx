import { useQuery } from "@connectrpc/connect-query";
import { skipToken } from "@tanstack/react-query";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useSession } from "../session/browser";

// As many accounts as one call answers with.
const MOST = 1000;

/** Who did something: somebody who works for the shop by name, for those who may read the accounts; else as the contracts write it, such as "staff/0190…". */
export function Actor({ actor }: { actor: string }) {
  const reads = useSession().may(Permission.ACCOUNTS_READ);
  const staff = useQuery(StaffService.method.listAccounts, reads ? { filter: "kind = STAFF", pageSize: MOST } : skipToken, { staleTime: 60_000 });
  const id = actor.slice(actor.indexOf("/") + 1);
  const account = staff.data?.accounts.find((one) => one.id === id);
  return <bdi className="soft">{account ? `${account.firstName} ${account.lastName}`.trim() || account.email : actor}</bdi>;
}
