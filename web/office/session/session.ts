// Who works in this tab. The access token is in memory alone; it is renewed by identity's cookie,
// which no script reads, by one tab at a time: a refresh token has one successor.
import type { Account } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { AccountKind } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import type { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { refusalOf } from "../rpc/errors";

/** What proves who somebody is. */
export interface Credentials {
  email: string;
  password: string;
  code: string;
}

/** The calls of a session, none of which shows an access token but those that take one. */
export interface SessionApi {
  refresh(): Promise<string>;
  signIn(credentials: Credentials): Promise<string>;
  signOut(): Promise<void>;
  reauthenticate(token: string, proof: Omit<Credentials, "email">): Promise<string>;
  self(token: string): Promise<Account>;
}

/** What a session needs of its surroundings. */
export interface Surroundings {
  now(): number;
  /** Runs work while no other tab does. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Tells the other tabs. */
  tell(what: Told): void;
}

/** What tabs tell each other. */
export type Told = "in" | "out";

/** What the person is asked for before the work goes on. */
export type Question = { kind: "sign-in" } | { kind: "proof"; code: boolean } | { kind: "enroll" };

export type State =
  | { kind: "opening" }
  | { kind: "failed"; error: unknown }
  | { kind: "out" }
  | { kind: "in"; account: Account; question?: Question };

interface Token {
  value: string;
  /** When it is renewed, by this tab's clock. */
  until: number;
}

// How long before its end a token is renewed, in milliseconds: calls take their time.
const EARLY = 20_000;

/** A session of somebody who works for the shop. */
export class Session {
  #state: State = { kind: "opening" };
  #token: Token | undefined;
  #renewing: Promise<void> | undefined;
  #answered: { resolve(): void; reject(error: unknown): void; promise: Promise<void> } | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(readonly api: SessionApi, private readonly around: Surroundings) {}

  get state(): State {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #become(state: State): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  /** Whether who is signed in may do something. */
  may(permission: Permission): boolean {
    return this.#state.kind === "in" && (this.#state.account.owner || this.#state.account.permissions.includes(permission));
  }

  /** Goes on with the session that this browser has. */
  async open(): Promise<void> {
    this.#become({ kind: "opening" });
    try {
      await this.#goOn();
    } catch (error) {
      this.#become({ kind: "failed", error });
    }
  }

  // A token can be revoked as soon as it is there: signing out elsewhere ends all access tokens of the account, not this session.
  async #goOn(): Promise<void> {
    await this.#renew();
    const token = this.#token?.value;
    if (!token) return;
    try {
      await this.#enter(token);
    } catch (error) {
      if (!over(error)) throw error;
      this.drop(token);
      await this.#renew();
      if (this.#token) await this.#enter(this.#token.value);
    }
  }

  /** Returns a good access token; where the session is over it waits until somebody has signed in. */
  async token(): Promise<string> {
    for (;;) {
      if (this.#token && this.around.now() < this.#token.until) return this.#token.value;
      await this.#renew();
      if (!this.#token) await this.#ask({ kind: "sign-in" });
    }
  }

  /** Notes that a token was refused. */
  drop(token: string): void {
    if (this.#token?.value === token) this.#token = undefined;
  }

  /** Has the person prove who they are, for a call that needs a recent proof. Rejects when they don't want to. */
  prove(code: boolean): Promise<void> {
    return this.#ask({ kind: "proof", code });
  }

  /** Has the person set up one-time codes, without which they may do nothing here. */
  enroll(): Promise<void> {
    return this.#ask({ kind: "enroll" });
  }

  /** Signs in, in place of the office or over what is shown. */
  async signIn(credentials: Credentials): Promise<void> {
    const before = this.#state;
    const token = await this.api.signIn(credentials);
    await this.#enter(token, before.kind === "in" ? before.account : undefined);
    this.around.tell("in");
  }

  /** Goes on with a session that began elsewhere, such as by an invitation. */
  async adopt(token: string): Promise<void> {
    await this.#enter(token);
    this.around.tell("in");
  }

  /** Proves who is signed in. */
  async reauthenticate(proof: Omit<Credentials, "email">): Promise<void> {
    this.#keep(await this.api.reauthenticate(await this.token(), proof));
    this.#settle();
  }

  /** Notes that one-time codes are set up: the next token is good for more. */
  async enrolled(): Promise<void> {
    this.#token = undefined;
    await this.#renew();
    this.#settle();
  }

  /** Ends what was asked for without an answer: the call that needs it fails with this. */
  cancel(error: unknown): void {
    const waiting = this.#answered;
    this.#answered = undefined;
    if (this.#state.kind === "in") this.#become({ kind: "in", account: this.#state.account });
    waiting?.reject(error);
  }

  async signOut(): Promise<void> {
    await this.api.signOut();
    this.#token = undefined;
    this.around.tell("out");
    this.#become({ kind: "out" });
  }

  /** Takes notice of another tab. */
  async heard(what: Told): Promise<void> {
    if (what === "out") {
      this.#token = undefined;
      return;
    }
    const waits = this.#state.kind === "out" || (this.#state.kind === "in" && this.#state.question?.kind === "sign-in");
    if (!waits) return;
    await this.#renew();
    if (this.#token) await this.#enter(this.#token.value, this.#state.kind === "in" ? this.#state.account : undefined);
  }

  #keep(value: string): void {
    this.#token = { value, until: this.around.now() + life(value) - EARLY };
  }

  // Renews the token once, however many calls wait for it. Without a session there is none after.
  #renew(): Promise<void> {
    this.#renewing ??= this.around.alone(async () => {
      try {
        this.#keep(await this.api.refresh());
      } catch (error) {
        this.#token = undefined;
        if (!over(error)) throw error;
        if (this.#state.kind === "opening") this.#become({ kind: "out" });
      }
    }).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #enter(token: string, before?: Account): Promise<void> {
    const account = await this.api.self(token);
    if (account.kind !== AccountKind.STAFF) {
      this.#become({ kind: "out" });
      return;
    }
    if (before && before.id !== account.id) {
      throw new OtherAccount();
    }
    this.#keep(token);
    this.#become({ kind: "in", account });
    this.#settle();
  }

  #ask(question: Question): Promise<void> {
    if (this.#state.kind !== "in") return Promise.reject(new Error("nobody is signed in"));
    if (!this.#answered) {
      let resolve = () => {};
      let reject: (error: unknown) => void = () => {};
      const promise = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      this.#answered = { resolve, reject, promise };
    }
    this.#become({ kind: "in", account: this.#state.account, question });
    return this.#answered.promise;
  }

  #settle(): void {
    const waiting = this.#answered;
    this.#answered = undefined;
    if (this.#state.kind === "in" && this.#state.question) this.#become({ kind: "in", account: this.#state.account });
    waiting?.resolve();
  }
}

/** Somebody else signed in over what another person had opened. */
export class OtherAccount extends Error {}

// Whether a refusal to renew says that there is no session.
function over(error: unknown): boolean {
  return ["TOKEN_EXPIRED", "TOKEN_REUSED", "UNAUTHENTICATED"].includes(refusalOf(error).reason);
}

/** How long an access token is good, in milliseconds, by its own times: clocks differ. */
export function life(token: string): number {
  const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
  const claims: unknown = JSON.parse(atob(payload));
  if (typeof claims !== "object" || claims === null) return 0;
  const { iat, exp } = claims as { iat?: unknown; exp?: unknown };
  return typeof iat === "number" && typeof exp === "number" ? (exp - iat) * 1000 : 0;
}
