import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@shopmesh/api/google/rpc/error_details_pb";
import { AccountKind, AccountSchema } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { asSignedIn } from "../rpc/transport";
import type { SessionApi, Told } from "./session";
import { life, OtherAccount, Session } from "./session";

function refused(reason: string, metadata: Record<string, string> = {}) {
  return new ConnectError("no", Code.Unauthenticated, undefined, [{ desc: ErrorInfoSchema, value: { reason, domain: "shopmesh", metadata } }]);
}

let drawn = 0;
const token = (seconds = 300) => `h.${btoa(JSON.stringify({ iat: 1000, exp: 1000 + seconds, n: drawn++ }))}.s`;
const ada = create(AccountSchema, { id: "ada", kind: AccountKind.STAFF, permissions: [Permission.ORDERS_READ] });

function opened(change: Partial<SessionApi> = {}) {
  const calls = { refresh: 0 };
  const told: Told[] = [];
  const clock = { now: 0 };
  const api: SessionApi = {
    refresh: () => {
      calls.refresh++;
      return Promise.resolve(token());
    },
    signIn: () => Promise.resolve(token()),
    signOut: () => Promise.resolve(),
    reauthenticate: () => Promise.resolve(token()),
    self: () => Promise.resolve(ada),
    ...change,
  };
  const session = new Session(api, { now: () => clock.now, alone: (work) => work(), tell: (what) => void told.push(what) });
  return { session, calls, told, clock, api };
}

// call makes a call through the interceptor; answers are what the shop answers in turn.
function call(session: Session, ...answers: (ConnectError | string)[]) {
  const shown: string[] = [];
  const next = (request: { header: Headers }) => {
    shown.push(request.header.get("Authorization") ?? "");
    const answer = answers.shift();
    return typeof answer === "string" ? Promise.resolve(answer) : Promise.reject(answer);
  };
  const run = asSignedIn(session)(next as never)({ header: new Headers() } as never) as Promise<unknown>;
  return { run, shown };
}

test("a token lasts as its own times say", () => {
  assert.equal(life(token(300)), 300_000);
  assert.equal(life("nothing.e30.x"), 0);
});

test("many calls at once renew once, and again only when the token is nearly over", async () => {
  const { session, calls, clock } = opened();
  await session.open();
  await Promise.all([session.token(), session.token(), session.token()]);
  assert.equal(calls.refresh, 1);
  clock.now = 281_000;
  await Promise.all([session.token(), session.token()]);
  assert.equal(calls.refresh, 2);
});

test("a token that is revoked while the office opens is renewed, once", async () => {
  const answers = [() => Promise.reject(refused("TOKEN_EXPIRED")), () => Promise.resolve(ada), () => Promise.reject(refused("TOKEN_EXPIRED")), () => Promise.reject(refused("TOKEN_EXPIRED"))];
  const { session, calls } = opened({ self: () => answers.shift()?.() ?? Promise.reject(new Error("too many")) });
  await session.open();
  assert.deepEqual([session.state.kind, calls.refresh], ["in", 2]);
  session.drop(await session.token());
  await session.open();
  assert.equal(session.state.kind, "failed");
});

test("without a session one signs in, and with one the permissions are the account's", async () => {
  const { session, told } = opened({ refresh: () => Promise.reject(refused("TOKEN_EXPIRED")) });
  await session.open();
  assert.equal(session.state.kind, "out");
  await session.signIn({ email: "a", password: "b", code: "" });
  assert.equal(session.state.kind, "in");
  assert.deepEqual(told, ["in"]);
  assert.equal(session.may(Permission.ORDERS_READ), true);
  assert.equal(session.may(Permission.ORDERS_WRITE), false);
});

test("a customer's session opens nothing", async () => {
  const { session } = opened({ self: () => Promise.resolve(create(AccountSchema, { id: "c", kind: AccountKind.CUSTOMER })) });
  await session.open();
  assert.equal(session.state.kind, "out");
});

test("what can't be reached is no end of the session", async () => {
  const { session } = opened({ refresh: () => Promise.reject(new ConnectError("away", Code.Unavailable)) });
  await session.open();
  assert.equal(session.state.kind, "failed");
});

test("a session that ends is asked for over the form, and then it saves (BroadleafCommerce#356)", async () => {
  const { session, api, clock } = opened();
  await session.open();
  api.refresh = () => Promise.reject(refused("TOKEN_EXPIRED"));
  clock.now = 300_000;
  const { run, shown } = call(session, "saved");
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(session.state.kind === "in" && session.state.question, { kind: "sign-in" });
  assert.equal(shown.length, 0);
  await session.signIn({ email: "a", password: "b", code: "" });
  assert.equal(await run, "saved");
  assert.equal(session.state.kind === "in" && session.state.question, undefined);
});

test("somebody else who signs in there does not get the other's work", async () => {
  const { session, api } = opened();
  await session.open();
  api.self = () => Promise.resolve(create(AccountSchema, { id: "eve", kind: AccountKind.STAFF }));
  await assert.rejects(session.signIn({ email: "e", password: "b", code: "" }), OtherAccount);
});

test("a token that is refused is renewed, and the call made again (keycloak#14122)", async () => {
  const { session, calls } = opened();
  await session.open();
  const { run, shown } = call(session, refused("TOKEN_EXPIRED"), "done");
  assert.equal(await run, "done");
  assert.equal(calls.refresh, 2);
  assert.notEqual(shown[0], shown[1]);
});

test("a proof is asked for where a call needs one; without it the call fails as it was refused", async () => {
  const { session } = opened();
  await session.open();
  const given = call(session, refused("STEP_UP_REQUIRED", { otp: "true" }), "done");
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(session.state.kind === "in" && session.state.question, { kind: "proof", code: true });
  await session.reauthenticate({ password: "b", code: "1" });
  assert.equal(await given.run, "done");

  const refusal = refused("STEP_UP_REQUIRED");
  const not = call(session, refusal);
  await new Promise((done) => setImmediate(done));
  session.cancel(new Error("no"));
  await assert.rejects(not.run, refusal);
});

test("another refusal is the screen's", async () => {
  const { session } = opened();
  await session.open();
  const refusal = refused("ETAG_MISMATCH");
  await assert.rejects(call(session, refusal).run, refusal);
});

test("what another tab does is noticed: signing out, and in", async () => {
  const { session, api, calls } = opened();
  await session.open();
  await session.heard("out");
  api.refresh = () => Promise.reject(refused("TOKEN_EXPIRED"));
  const { run } = call(session, "done");
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(session.state.kind === "in" && session.state.question, { kind: "sign-in" });
  api.refresh = () => {
    calls.refresh++;
    return Promise.resolve(token());
  };
  await session.heard("in");
  assert.equal(await run, "done");
});
