// The settings of each context.
import { expect } from '../office.ts';
import { alter, answer, overtaken, permit, refuse } from '../refusals.ts';
import type { State } from '../state.ts';

const contexts = ['shop', 'storefront', 'order', 'inventory', 'payment', 'notification', 'customer', 'identity', 'edge'];

export const settings: State[] = [
  ...contexts.map((context) => ({ name: `settings of ${context}`, open: (desk) => desk.open(`/settings?context=${context}`) }) satisfies State),
  ...['order', 'shop', 'storefront'].map((context) => ({
    name: `settings of ${context}, for who may only read them`,
    open: async (desk) => {
      await permit(desk, 'PERMISSION_SETTINGS_READ');
      await desk.open(`/settings?context=${context}`);
      await expect(desk.page.locator('.held').first()).toBeVisible();
    },
  }) satisfies State),
  {
    name: 'settings, refused',
    open: async (desk) => {
      desk.errors.expect(/status of 400/);
      await desk.open('/settings?context=storefront');
      await desk.field('time_zone').fill('Nowhere/Land');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  {
    name: 'settings, what is no length of time',
    open: async (desk) => {
      await desk.open('/settings?context=order');
      await desk.field('payment_window').fill('soon');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  {
    name: 'settings, somebody else changed them, too',
    open: async (desk) => {
      await desk.open('/settings?context=order');
      await desk.field('payment_window').fill('3 h');
      await alter<{ settings: { order?: object } }>(desk, 'config.v1.ConfigService/GetSettings', ({ settings, ...rest }) => ({
        ...rest, settings: { ...settings, etag: 'another', order: { ...settings.order, paymentWindow: '7200s' } },
      }));
      await refuse(desk, 'config.v1.ConfigService/UpdateSettings', overtaken);
      await desk.send();
      await expect(desk.page.locator('main form [data-kind=warn]')).toBeVisible();
    },
  },
  {
    name: 'settings, a part more',
    open: async (desk) => {
      await desk.open('/settings?context=storefront');
      await desk.button('settings.add').first().click();
    },
  },
  {
    name: 'settings, back to a version',
    open: async (desk) => {
      const version = (number: string, path: string, value: object) => ({
        settings: { context: 'storefront', version: number, updateTime: '2026-11-30T12:00:00Z', actor: 'owner', storefront: value }, changedPaths: [path],
      });
      await answer(desk, 'config.v1.ConfigService/ListSettingsVersions', {
        versions: [version('2', 'time_zone', { timeZone: 'Pacific/Auckland' }), version('1', 'accent', { accent: 'ACCENT_TEAL' })],
      });
      await desk.open('/settings?context=storefront');
      await desk.ask('settings.back');
    },
  },
];
