import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@shopmesh/api/google/rpc/error_details_pb";
import { MutationObserver, QueryObserver } from "@tanstack/react-query";
import assert from "node:assert/strict";
import test from "node:test";
import { refuse } from "./errors";
import { queriesOf } from "./queries";

/** Shows the number of a version that others change meanwhile, makes a call that fails, and returns what is shown with the refusal. */
async function shownAfter(error: ConnectError): Promise<unknown> {
  const queries = queriesOf();
  let version = 1;
  const shown = { queryKey: ["product"], queryFn: () => Promise.resolve(version) };
  await queries.prefetchQuery(shown);
  const close = new QueryObserver(queries, shown).subscribe(() => undefined);
  version = 2;
  await assert.rejects(new MutationObserver(queries, { mutationFn: () => Promise.reject(error) }).mutate());
  close();
  return queries.getQueryData(shown.queryKey);
}

test("a refusal for what others changed comes with what they changed (PrestaShop#19454)", async () => {
  assert.equal(await shownAfter(new ConnectError("", Code.Aborted, undefined, [{ desc: ErrorInfoSchema, value: { reason: "ETAG_MISMATCH", domain: "shopmesh" } }])), 2);
});

test("where what was typed is wrong, nothing is read again", async () => {
  assert.equal(await shownAfter(refuse([{ field: "name", description: "" }])), 1);
});
