// What customers do in their account, by its forms.
import { createHmac } from 'node:crypto';
import { expect, type Page } from '@playwright/test';
import { account, served } from './served.ts';

/** Sends a form without its page, and checks where its answer leads. */
export async function sends(page: Page, action: string, fields: Readonly<Record<string, string>>, to: string): Promise<void> {
  const answer = await page.request.post(action, { form: { ...fields }, maxRedirects: 0 });
  expect(answer.headers()['location'], action).toBe(to);
}

/** Signs in to an account that nobody else has, and returns its address. */
export async function signIn(page: Page): Promise<string> {
  const email = await account();
  await sends(page, '/account/sign-in/send', { email, password: served.password }, '/account');
  return email;
}

/** Keeps an address in the account. */
export async function keepAddress(page: Page, label: string): Promise<void> {
  const fields = {
    label,
    request: crypto.randomUUID(),
    'shipping_address.address_lines[0]': '12 St James’s Square',
    'shipping_address.postal_code': 'SW1Y 4JH',
    'shipping_address.locality': 'London',
    'shipping_address.region_code': 'GB',
  };
  await sends(page, '/account/addresses/new/send', fields, '/account/addresses?kept=1');
}

const factor = '/account/second-factor';

/** Proves who asks, so that the page shows the secret of a second factor. */
export async function beginFactor(page: Page): Promise<void> {
  await sends(page, `${factor}/send`, { password: served.password }, factor);
}

/** Types a code into the page that shows the secret. */
export async function confirmFactor(page: Page, code: (secret: string) => string): Promise<void> {
  const shown = await (await page.request.get(factor)).text();
  const [, secret = ''] = /secret=([A-Z2-7]+)/.exec(shown) ?? [];
  await sends(page, `${factor}/confirm`, { totp_code: code(secret) }, factor);
}

/** Ends the page that shows the recovery codes. */
export async function keepCodes(page: Page): Promise<void> {
  await sends(page, `${factor}/kept`, {}, `${factor}?on=1`);
}

/** Returns the code that an authenticator with the secret shows now (RFC 6238). */
export function codeOf(secret: string): string {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const sum = createHmac('sha1', key).update(step).digest();
  const at = sum.readUInt8(sum.length - 1) & 0xf;
  return String((sum.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
