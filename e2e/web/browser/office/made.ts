// What checks of the office look at and don't change: each is made once in a process.
import { call, callAsPerson, euros, invitation, mailsOf, once, place, reached, sell, served, type Order, type Product } from '../served.ts';

type Made<T> = () => Promise<T>;

function made<T>(make: Made<T>): Made<T> {
  let all: Promise<T> | undefined;
  return () => (all ??= make());
}

/** Places an order and waits until it is paid. */
export async function paid(code = 'BLUE', quantity = 1, email?: string, languageCode?: string): Promise<Order> {
  const { order } = await place(code, 'sandbox_ok', quantity, email, languageCode);
  await reached(order, 'CONFIRMED');
  return order;
}

/** Places an order in a language, gives one euro of it back, and returns it as it is then. */
export async function refunded(languageCode: string): Promise<Order> {
  const { id } = await paid('LONG', 2, undefined, languageCode);
  const read = async (): Promise<Order> => (await call<{ order: Order }>('order.v1.OrderService/GetOrder', { id })).order;
  await call('payment.v1.PaymentService/RefundPayment', { requestId: crypto.randomUUID(), paymentId: (await read()).paymentId, amount: euros(1) });
  return once('order knows the refund', async () => {
    const order = await read();
    if (order.refunded?.units !== '1') throw new Error('it is not refunded yet');
    return order;
  });
}

/** Places an order and ships it. */
export async function shipped(): Promise<Order> {
  const order = await paid();
  await call('order.v1.OrderService/ShipOrder', { id: order.id, carrier: 'Post', trackingCode: '00340434161094042557' });
  return order;
}

export const toShip = made(() => paid('LONG', 2));
export const sent = made(shipped);
export const awaited = made(async () => {
  const { order } = await place('BLUE', 'sandbox_slow');
  await reached(order, 'AWAITING_PAYMENT');
  return order;
});
export const delivered = made(async () => {
  const order = await shipped();
  await call('order.v1.OrderService/MarkOrderDelivered', { id: order.id });
  return order;
});
export const cancelled = made(async () => {
  const order = await paid();
  await call('order.v1.OrderService/CancelOrder', { id: order.id, requestId: crypto.randomUUID(), reason: 'The glaze is cracked.' });
  await reached(order, 'CANCELLED');
  return order;
});

/** A mail about an order. */
export const mail = made(async () => {
  const order = await toShip();
  return once('the order is confirmed by mail', async () => {
    const [first] = await mailsOf(order);
    if (!first) throw new Error('there is no mail yet');
    return first;
  });
});

/** A product that is sold, with a movement in its ledger, and one that is not sold any more. */
export const product = made(() => sell(7, euros(19), 'Mug to look at'));
export const archived = made<Product>(async () => {
  const old = await sell(1, euros(3), 'Mug of last year');
  await call('catalog.v1.ProductService/ArchiveProduct', { id: old.id });
  return old;
});

/** A category. */
export interface Category {
  id: string;
  name: string;
  parentId?: string;
}

/** Makes a category that no other check has. */
export async function category(name: string, parentId = ''): Promise<Category> {
  const answer = await call<{ category: Category }>('catalog.v1.CategoryService/CreateCategory', {
    category: { name: `${name} ${crypto.randomUUID().slice(0, 8)}`, parentId }, requestId: crypto.randomUUID(),
  });
  return answer.category;
}

/** Somebody who works for the shop, as the contract has it. */
export interface Account {
  id: string;
  email: string;
  owner?: boolean;
  permissions?: string[];
  disabled?: boolean;
}

/** Returns the account of an e-mail address; undefined where there is none. */
export async function accountOf(email: string): Promise<Account | undefined> {
  const answer = await call<{ accounts?: Account[] }>('identity.v1.StaffService/ListAccounts', { filter: `email = ${JSON.stringify(email)}` });
  return answer.accounts?.[0];
}

/** Returns an address of somebody who could work for the shop. */
export function colleague(): string {
  return `colleague-${crypto.randomUUID().slice(0, 8)}@example.com`;
}

/** Makes the account of somebody who may see orders, and whom a check can change. */
export async function hired(): Promise<Account> {
  const email = colleague();
  await callAsPerson('identity.v1.StaffService/InviteStaff', { email, permissions: ['PERMISSION_ORDERS_READ'] });
  const accepted = { token: await invitation(email), password: served.password, firstName: 'Katherine', lastName: 'Johnson' };
  await call('identity.v1.StaffService/AcceptInvite', accepted, served.url);
  const account = await accountOf(email);
  if (!account) throw new Error(`${email} has no account`);
  return account;
}

/** Somebody with an account, as the contract has it. */
export const customer = made(async () => {
  const answer = await call<{ customer: { id: string } }>('customer.v1.CustomerService/CreateCustomer', {
    customer: { email: `grace-${process.pid}@example.com`, firstName: 'Grace', lastName: 'Brewster Murray Hopper', phone: '+1 202 555 0142' },
    requestId: crypto.randomUUID(),
  });
  return answer.customer;
});
