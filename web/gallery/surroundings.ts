// Who is signed in here, and the shop that is asked.
import { create } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { createRouterTransport } from "@connectrpc/connect";
import type { Account } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { AccountKind, AccountSchema } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { Session } from "../office/session/session";

const grace: Account = create(AccountSchema, {
  id: "grace", kind: AccountKind.STAFF, email: "grace@example.com", firstName: "Grace", lastName: "Hopper",
  permissions: [Permission.ORDERS_READ, Permission.ACCOUNTS_READ, Permission.NOTIFICATIONS_WRITE],
});
const token = `.${btoa('{"iat":0,"exp":3600}')}.`;

/** The session of somebody who may do some things, and others not. */
export async function signedIn(): Promise<Session> {
  const given = () => Promise.resolve(token);
  const session = new Session(
    { refresh: given, signIn: given, reauthenticate: given, signOut: () => Promise.resolve(), self: () => Promise.resolve(grace) },
    { now: () => performance.now(), alone: (work) => work(), tell: () => {} },
  );
  await session.adopt(token);
  return session;
}

/** A shop that knows who works for it, and nothing else. */
export function transport(): Transport {
  return createRouterTransport(({ service }) => {
    service(StaffService, { listAccounts: () => ({ accounts: [grace] }) });
  });
}
