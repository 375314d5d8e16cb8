// What the office has read, and when that is read again.
import { MutationCache, QueryClient } from "@tanstack/react-query";
import { refusalOf } from "./errors";

// What a call that reads may be refused for and succeed a moment later.
const PASSING = ["UNAVAILABLE", "TOO_MANY_CALLS", "DRAINING", "DEADLINE_EXCEEDED"];

/** Keeps what is read. Where a call that changes something fails, all that is shown is read again, whatever screen made it. */
export function queriesOf(): QueryClient {
  const queries: QueryClient = new QueryClient({
    mutationCache: new MutationCache({ onError: (error) => readAgain(queries, error) }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < 2 && PASSING.includes(refusalOf(error).reason),
      },
    },
  });
  return queries;
}

// What others changed, or what was done and its answer lost, is shown, and the next try knows it.
// A refusal for somebody else's change comes with that change. Where what was typed is wrong, what
// is shown is not.
async function readAgain(queries: QueryClient, error: unknown): Promise<void> {
  const { reason, violations } = refusalOf(error);
  if (violations.size > 0) return;
  const read = queries.invalidateQueries();
  if (reason === "ETAG_MISMATCH") await read;
}
