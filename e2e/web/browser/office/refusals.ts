// Answers that a shop gives seldom: a check has the browser get them in place of the shop's own.
// And shorter lists than it asked for.
import { served } from '../served.ts';
import type { Desk } from './office.ts';

/** Why a call is refused: the code of the protocol, and the reason in its google.rpc.ErrorInfo. */
export interface Refusal {
  code: 'internal' | 'permission_denied' | 'unauthenticated' | 'aborted';
  reason: string;
  metadata?: Readonly<Record<string, string>>;
}

/** A token that is good no more. */
export const expired: Refusal = { code: 'unauthenticated', reason: 'TOKEN_EXPIRED' };
/** A failure of the shop's own. */
export const failed: Refusal = { code: 'internal', reason: 'INTERNAL', metadata: { reference: '0190a5d1-ac96' } };

/** Somebody else was faster. */
export const overtaken: Refusal = { code: 'aborted', reason: 'ETAG_MISMATCH' };

/** A call that needs a proof first. */
export function unproved(metadata: Readonly<Record<string, string>>): Refusal {
  return { code: 'permission_denied', reason: 'STEP_UP_REQUIRED', metadata };
}

const statuses = { internal: 500, permission_denied: 403, unauthenticated: 401, aborted: 409 } as const;

/** Has calls of a method refused, all or so many. */
export async function refuse({ page, errors }: Desk, method: string, { code, reason, metadata = {} }: Refusal, times?: number): Promise<void> {
  const status = statuses[code];
  errors.expect(new RegExp(`status of ${status}`));
  const detail = { type: 'google.rpc.ErrorInfo', value: errorInfo(reason, metadata).toString('base64').replace(/=+$/, '') };
  const answer = { status, contentType: 'application/json', body: JSON.stringify({ code, message: 'refused by a check', details: [detail] }) };
  await page.route(calls(method), (route) => route.fulfill(answer), times === undefined ? {} : { times });
}

/** Has calls of a method never answered. */
export async function hold({ page }: Desk, method: string): Promise<void> {
  await page.route(calls(method), () => undefined);
}

/** Has calls of methods wait until what it returns is called. */
export async function delay({ page }: Desk, methods: readonly string[]): Promise<() => void> {
  let goOn = (): void => undefined;
  const waited = new Promise<void>((resolve) => (goOn = resolve));
  for (const method of methods) {
    await page.route(calls(method), async (route) => {
      await waited;
      await route.continue();
    });
  }
  return goOn;
}

/** Has a method answered with something else. */
export async function answer({ page }: Desk, method: string, body: object): Promise<void> {
  await page.route(calls(method), (route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify(body) }));
}

/** Has what a method answers changed on its way. */
export async function alter<Answer extends object>({ page }: Desk, method: string, change: (answer: Answer) => object): Promise<void> {
  await page.route(calls(method), async (route) => {
    const answered = await route.fetch();
    await route.fulfill({ response: answered, json: change((await answered.json()) as Answer) });
  });
}

const long = /\/shopmesh\.\w+\.v1\.\w+\/List(Orders|Products|LowStock|Notifications|Customers|Activity)$/;

/** Has lists come in pages of ten: how a row looks, the first ones show. */
export async function shorten({ page }: Desk): Promise<void> {
  await page.route(long, (route) => {
    const asked = route.request().postDataJSON() as { pageSize?: number };
    const whole = [undefined, 50, 100].includes(asked.pageSize);
    return route.continue(whole ? { postData: JSON.stringify({ ...asked, pageSize: 10 }) } : {});
  });
}

/** Has the office take whoever is signed in for somebody with one permission. */
export async function permit({ page }: Desk, permission: string): Promise<void> {
  await page.route(calls('identity.v1.AccountService/GetSelf'), async (route) => {
    const answered = await route.fetch();
    const { account } = (await answered.json()) as { account: object };
    await route.fulfill({ response: answered, json: { account: { ...account, owner: false, permissions: [permission] } } });
  });
}

/** The address of a method's calls. */
export function calls(method: string): string {
  return `${served.url}/shopmesh.${method}`;
}

// The bytes of a google.rpc.ErrorInfo. Its fields are texts, shorter than 128 bytes, so that a
// length is one byte (https://protobuf.dev/programming-guides/encoding/).
function errorInfo(reason: string, metadata: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(metadata).map(([name, value]) => field(3, Buffer.concat([field(1, name), field(2, value)])));
  return Buffer.concat([field(1, reason), field(2, 'shopmesh'), ...entries]);
}

function field(number: number, value: string | Buffer): Buffer {
  const content = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}
