// Which requests the shop has answered, whatever part of the office made them.
import type { Interceptor } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@shopmesh/api/google/rpc/error_details_pb";
import { refusalOf } from "./errors";

/** Hears of the answer to the request of an id: whether its id is used up, because it was done, or the request was refused. */
export type Answered = (id: string, used: boolean) => void;

/** Tells which requests were answered, those within batches one by one. */
export function telling(answered: Answered): Interceptor {
  return (next) => async (request) => {
    if (request.stream) return await next(request);
    const ids = idsOf(request.message);
    try {
      const response = await next(request);
      ids.forEach((id, at) => answered(id, used("outcomes" in response.message ? reasonAt(response.message.outcomes, at) : "")));
      return response;
    } catch (error) {
      if (refused(error)) for (const id of ids) answered(id, used(refusalOf(error).reason));
      throw error;
    }
  };
}

// After these nobody knows whether the request was done.
const OPEN = [Code.Canceled, Code.Unknown, Code.DeadlineExceeded, Code.Internal, Code.Unavailable, Code.DataLoss];

// Whether the shop itself refused a call; a proxy before it does so without a reason.
function refused(error: unknown): boolean {
  const failed = ConnectError.from(error);
  return failed.findDetails(ErrorInfoSchema).length > 0 && !OPEN.includes(failed.code);
}

// The ids of a request, or of the rows of a batch, in their order.
function idsOf(message: object): string[] {
  const rows = "requests" in message && Array.isArray(message.requests) ? (message.requests as readonly object[]) : [message];
  return rows.map((row) => ("requestId" in row && typeof row.requestId === "string" ? row.requestId : ""));
}

// Why a row of a batch was refused; empty where it was done.
function reasonAt(outcomes: unknown, at: number): string {
  const row = Array.isArray(outcomes) ? (outcomes as readonly { outcome: { case?: string; value?: { reason?: string } } }[])[at] : undefined;
  return row?.outcome.case === "refusal" ? (row.outcome.value?.reason ?? "") : "";
}

// Nothing is done by an id that has served another request.
function used(reason: string): boolean {
  return reason === "" || reason === "REQUEST_ID_REUSED";
}
