// identity's calls that make, renew and end a session, without the interceptor that needs one.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { Account } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { AccountKind } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { AccountService } from "@shopmesh/api/shopmesh/identity/v1/account_service_pb";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { texts } from "../texts/say";
import type { Credentials, SessionApi } from "./session";

const transport = () => createConnectTransport({ baseUrl: location.origin });
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

/** The calls of a session. The refresh token goes into the cookie, and never to a script. */
export function sessionApi(): SessionApi {
  const accounts = createClient(AccountService, transport());
  return {
    async refresh() {
      return (await accounts.refreshSession({})).session?.accessToken ?? "";
    },
    async signIn({ email, password, code }: Credentials) {
      const { session } = await accounts.signIn({ kind: AccountKind.STAFF, email, password, totpCode: code, useCookie: true });
      return session?.accessToken ?? "";
    },
    async signOut() {
      await accounts.signOut({});
    },
    async reauthenticate(token, { password, code }) {
      const { session } = await accounts.reauthenticate({ password, totpCode: code }, bearer(token));
      return session?.accessToken ?? "";
    },
    async self(token) {
      return (await accounts.getSelf({}, bearer(token))).account as Account;
    },
  };
}

/** What accepts an invitation. email is for the link of the shop's first owner, which names none. */
export interface Invitation {
  token: string;
  firstName: string;
  lastName: string;
  email: string;
  password: string;
}

/** Makes the account that an invitation is for, and returns an access token of its first session. */
export async function accept(invitation: Invitation): Promise<string> {
  const { session } = await createClient(StaffService, transport()).acceptInvite({ ...invitation, languageCode: texts.language, useCookie: true });
  return session?.accessToken ?? "";
}
