// The session of this tab, and what the browser gives it.
import { createContext, useContext, useSyncExternalStore } from "react";
import { sessionApi } from "./api";
import type { State, Surroundings, Told } from "./session";
import { Session } from "./session";

const NAME = "shopmesh-office";

/** Makes the session of this tab, which hears of those of the others. */
export function browserSession(): Session {
  const channel = new BroadcastChannel(NAME);
  const around: Surroundings = {
    now: () => performance.now(),
    // Browsers give locks to pages that came by TLS or from the machine itself. Elsewhere identity
    // answers the same token twice for 30 seconds, so two tabs at once are right there, too.
    alone: async (work) => (navigator.locks ? await navigator.locks.request(NAME, work) : await work()),
    tell: (what) => channel.postMessage(what),
  };
  const session = new Session(sessionApi(), around);
  channel.addEventListener("message", (event: MessageEvent<Told>) => void session.heard(event.data).catch(() => {}));
  return session;
}

export const SessionContext = createContext<Session | undefined>(undefined);

/** The session of this tab. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("there is no session around this component");
  return session;
}

/** Who works in this tab, as it changes. */
export function useSessionState(): State {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, () => session.state);
}
