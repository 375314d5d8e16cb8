// The shops that the harness serves (../chromium_test.go), and what their owner does meanwhile.
import { expect } from '@playwright/test';
import { soon } from './soon.ts';

/** Somebody who works for the shop. */
export interface Person {
  email: string;
  password: string;
}

interface Served {
  url: string;
  owner: string;
  accounts: string;
  password: string;
  invited: string;
  events: string;
  founder: string;
  limited: string;
  broken: string;
  away: string;
  halted: string;
  placed: GuestOrder;
  expired: GuestOrder;
  empty: string;
  category: string;
  people: Record<'owner' | 'clerk' | 'packer' | 'newcomer', Person>;
  parts: string;
}

/** An order of a guest, and the path that opens it. */
export interface GuestOrder {
  number: string;
  link: string;
}

export const served = JSON.parse(process.env['SHOP'] ?? '{}') as Served;

/** A product that a check made for itself. */
export interface Product {
  id: string;
  code: string;
  name: string;
  path: string;
}

export interface Money {
  currencyCode: string;
  units: string;
  nanos?: number;
}

export interface Order {
  id: string;
  number: string;
  state: string;
  total: Money;
  paymentId?: string;
  balance?: Money;
  refunded?: Money;
  contact: { email: string; firstName: string };
}

/** Returns an amount of euros. */
export function euros(units: number): Money {
  return { currencyCode: 'EUR', units: String(units) };
}

/** Calls an RPC, as the owner unless another address is given. Its answer has the contract's shape. */
export async function call<Answer>(method: string, request: object, at: string = served.owner, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(`${at}/shopmesh.${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} is answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Answer;
}

/** Changes who works for the shop, as the owner who signed in for that: who changes an account has one. */
export async function callAsPerson<Answer>(method: string, request: object): Promise<Answer> {
  const { session } = await call<{ session: { accessToken: string } }>(
    'identity.v1.AccountService/SignIn', { kind: 'ACCOUNT_KIND_STAFF', ...served.people.owner }, served.url,
  );
  return call<Answer>(method, request, served.url, { Authorization: `Bearer ${session.accessToken}` });
}

/** Waits until something goes well, and returns what it returned. */
export async function once<Result>(what: string, does: () => Promise<Result>): Promise<Result> {
  let result: Result[] = [];
  await expect(async () => {
    result = [await does()];
  }, what).toPass();
  return result[0] as Result;
}

let count = 0;

/** Adds a product that no other check has, and waits until so many of it can be ordered. */
export async function sell(stock: number, price: Money = euros(5), name = 'Green mug'): Promise<Product> {
  const code = `OWN-${process.pid}-${String(++count).padStart(4, '0')}`; // in the order in which they are made
  const [, , categoryId] = served.category.split('/');
  const made = await call<{ product: { id: string } }>('catalog.v1.ProductService/CreateProduct', { product: { code, name, price, categoryId } });
  const product = { id: made.product.id, code, name, path: `/p/${code}` };
  await once('order knows the product', () => quote(product));
  await deliver(product, stock);
  return product;
}

/** Returns the price for which order would sell a product now. */
export async function quote(product: Product): Promise<Money> {
  const lines = [{ productCode: product.code, quantity: 1 }];
  const answer = await call<{ quote: { total: Money } }>('order.v1.OrderService/QuoteOrder', { lines });
  return answer.quote.total;
}

/** Changes the stock, and waits until the shop shows it. */
export async function deliver(product: Product, delta: number): Promise<void> {
  const available = async (): Promise<number> => {
    const answer = await call<{ product: { availableQuantity?: string } }>('catalog.v1.ProductService/GetProduct', { code: product.code });
    return Number(answer.product.availableQuantity ?? 0);
  };
  const before = await available();
  const request = { requestId: crypto.randomUUID(), productCode: product.code, delta: String(delta), reason: 'delivery' };
  await once('inventory knows the product', () => call('inventory.v1.InventoryService/AdjustStock', request));
  await expect.poll(available, { message: 'the catalog knows the stock', intervals: soon }).toBe(before + delta);
}

/** Changes the price, and waits until orders cost it. */
export async function reprice(product: Product, price: Money): Promise<void> {
  await call('catalog.v1.ProductService/UpdateProduct', { product: { id: product.id, price }, updateMask: 'price' });
  await expect.poll(async () => (await quote(product)).units, { message: 'order knows the price', intervals: soon }).toBe(price.units);
}

/** Archives a product, and waits until it can't be ordered any more. */
export async function archive(product: Product): Promise<void> {
  await call('catalog.v1.ProductService/ArchiveProduct', { id: product.id });
  await expect.poll(() => quote(product).then(() => 'sold', () => 'gone'), { message: 'order knows it', intervals: soon }).toBe('gone');
}

/** Returns the orders of an e-mail address. */
export async function ordersOf(email: string): Promise<Order[]> {
  const answer = await call<{ orders?: Order[] }>('order.v1.OrderService/ListOrders', { filter: `email = ${JSON.stringify(email)}` });
  return (answer.orders ?? []).filter((order) => order.contact.email === email);
}

/** Waits until an order is in a state. */
export async function reached(order: Order, state: string): Promise<void> {
  const now = async (): Promise<string> => (await call<{ order: Order }>('order.v1.OrderService/GetOrder', { id: order.id })).order.state;
  await expect.poll(now, { message: `order ${order.number} is ${state}`, intervals: soon }).toBe(`ORDER_STATE_${state}`);
}

/** Places an order as a guest, and returns it with the path of its link. */
export async function place(code: string, method = 'sandbox_ok', quantity = 1, email = 'ada@example.com', languageCode = ''): Promise<{ order: Order; link: string }> {
  const answer = await call<{ order: Order; guestToken: string }>(
    'order.v1.OrderService/PlaceOrder',
    {
      requestId: crypto.randomUUID(),
      contact: { firstName: 'Ada', lastName: 'Lovelace', email },
      shippingAddress: { regionCode: 'GB', postalCode: 'SW1Y 4JH', locality: 'London', addressLines: ['12 St James’s Square'] },
      lines: [{ productCode: code, quantity }],
      paymentMethod: method,
      languageCode,
    },
    served.url,
  );
  return { order: answer.order, link: `/o/${answer.guestToken}` };
}

/** Makes an account, and returns the address that signs in to it. */
export async function account(): Promise<string> {
  const answer = await fetch(served.accounts, { method: 'POST' });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`no account is made: ${text}`);
  return text;
}

/** Returns the token of the link that was mailed to somebody who was invited to work for the shop. */
export async function invitation(email: string): Promise<string> {
  const answer = await fetch(`${served.invited}?${String(new URLSearchParams({ email }))}`);
  const [, token = ''] = (await answer.text()).split('#');
  return token;
}

/** Places orders of a blue mug in an account, all at once. */
export async function ordersBy(email: string, count: number, paymentMethod: string): Promise<void> {
  const { session } = await call<{ session: { accessToken: string } }>('identity.v1.AccountService/SignIn', { kind: 'ACCOUNT_KIND_CUSTOMER', email, password: served.password }, served.url);
  const places = async (): Promise<void> => {
    const answer = await fetch(`${served.url}/shopmesh.order.v1.OrderService/PlaceOrder`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${session.accessToken}` },
      body: JSON.stringify({
        requestId: crypto.randomUUID(),
        contact: { firstName: 'Grace', lastName: 'Hopper', email },
        shippingAddress: { regionCode: 'GB', postalCode: 'SW1Y 4JH', locality: 'London', addressLines: ['12 St James’s Square'] },
        lines: [{ productCode: 'BLUE', quantity: 1 }],
        paymentMethod,
      }),
    });
    expect(answer.status, await answer.text()).toBe(200);
  };
  await Promise.all(Array.from({ length: count }, places));
}

interface Mail {
  id: string;
  kind: string;
}

/**
 * Waits for the mail of a kind about an order, and returns the kinds of all. An order's mails are requested one
 * after the other: a second one of what came before would be there, too.
 */
export async function mailedBy(order: Order, kind: string): Promise<string[]> {
  const kinds = async (): Promise<string[]> => (await mailsOf(order)).map((mail) => mail.kind.replace('NOTIFICATION_KIND_', ''));
  await expect.poll(kinds, `order ${order.number} has a mail: ${kind}`).toContain(kind);
  return (await kinds()).sort();
}

/** Returns the mails about an order. */
export async function mailsOf(order: Order): Promise<Mail[]> {
  const answer = await call<{ notifications?: Mail[] }>('notification.v1.NotificationService/ListNotifications', { filter: `order_id = ${JSON.stringify(order.id)}` });
  return answer.notifications ?? [];
}
