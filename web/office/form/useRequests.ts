import { uuid } from "../rpc/uuid";
import { useSessionState } from "../session/browser";
import { contentOf, requestId, unanswered } from "./requests";

export interface Requests {
  /** The id of a request that is sent now, by its content: what was asked for already and has no answer is asked for again. */
  id(...content: readonly unknown[]): string;
  /** When such a request was sent that has no answer. */
  unanswered(...content: readonly unknown[]): Date | undefined;
}

/** The requests of an RPC. The transport notes their answers. */
export function useRequests(rpc: string): Requests {
  const state = useSessionState();
  const account = state.kind === "in" ? state.account.id : "";
  return {
    id: (...content) => requestId(sessionStorage, contentOf(account, rpc, content), Date.now(), uuid),
    unanswered: (...content) => unanswered(sessionStorage, contentOf(account, rpc, content)),
  };
}
