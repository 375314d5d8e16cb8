// How the office calls the shop: as who is signed in, with one repetition once they are again.
import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { Session } from "../session/session";
import type { Answered } from "./answers";
import { telling } from "./answers";
import { refusalOf } from "./errors";

// How often a call is made: once more with another token, and once more with a proof.
const TRIES = 3;

// How long an answer may take, in milliseconds; longer than any call of the contracts.
const PATIENCE = 30_000;

/** The transport of all calls that show who is signed in. It tells which requests were answered. */
export function transportOf(session: Session, answered: Answered): Transport {
  return createConnectTransport({ baseUrl: location.origin, interceptors: [telling(answered), asSignedIn(session), patient] });
}

/** Shows the session's token. Where the shop wants another or a proof first, it sees to that and calls again. */
export function asSignedIn(session: Session): Interceptor {
  return (next) => async (request) => {
    for (let tries = 1; ; tries++) {
      const token = await session.token();
      request.header.set("Authorization", `Bearer ${token}`);
      try {
        return await next(request);
      } catch (error) {
        const { reason, metadata } = refusalOf(error);
        if (tries === TRIES) throw error;
        if (reason === "TOKEN_EXPIRED" || reason === "UNAUTHENTICATED") {
          session.drop(token);
        } else if (reason === "STEP_UP_REQUIRED" && metadata.enroll === "true") {
          await session.enroll().catch(() => Promise.reject(error));
        } else if (reason === "STEP_UP_REQUIRED") {
          await session.prove(metadata.otp === "true").catch(() => Promise.reject(error));
        } else {
          throw error;
        }
      }
    }
  };
}

// Gives up on what never answers. It is the inner one: signing in takes as long as it takes.
const patient: Interceptor = (next) => (request) =>
  request.stream ? next(request) : next({ ...request, signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE)]) });
