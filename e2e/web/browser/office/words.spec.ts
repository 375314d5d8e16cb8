// Codes of the contracts are words of the reader's language; what others said is marked as theirs.
import { cancelled } from './made.ts';
import { expect, test } from './office.ts';
import { answer, permit } from './refusals.ts';

test.use({ language: 'de' });

test('an order tells what happened in German, and quotes what is said in English', async ({ desk }) => {
  await desk.open(`/orders/${(await cancelled()).id}`);
  const timeline = desk.page.locator('.timeline');
  for (const kind of ['PLACED', 'CONFIRMED', 'CANCELLED', 'SALE', 'PAYMENT_REQUESTED']) await expect(timeline).toContainText(desk.say(`timeline.${kind}`));
  await expect(timeline).toContainText(desk.say('cancel_reason.REQUESTED'));
  await expect(timeline.locator('q[lang=en]').first()).toBeVisible();
  await expect(desk.page.locator('main [lang=en]:not(q)')).toHaveCount(0);
  await expect(desk.page.locator('main')).toContainText(desk.say('payment.method.sandbox_ok'));
});

test('the activity says what was called in German', async ({ desk }) => {
  await desk.open('/activity');
  await expect(desk.rows.first()).toBeVisible();
  await expect(desk.page.locator('main tbody')).not.toContainText('Service/');
});

test('a setting that can’t be read is refused in German (vendure#4173)', async ({ desk }) => {
  await desk.open('/settings?context=order');
  await desk.field('payment_window').fill('bald');
  await desk.send();
  await expect(desk.summary).toBeFocused();
  await expect(desk.field('payment_window')).toHaveAccessibleDescription(/Das ist nicht so geschrieben, wie es sein muss\./);
  await expect(desk.summary).not.toContainText(/Nicht angenommen|decode|JSON/);
});

test('who may only read settings reads values, not how they are sent', async ({ desk }) => {
  await permit(desk, 'PERMISSION_SETTINGS_READ');
  await answer(desk, 'config.v1.ConfigService/ListSettingsVersions', {
    versions: [{ settings: { context: 'order', version: '1', actor: 'owner', order: { paymentWindow: '3600s' } }, changedPaths: ['payment_window'] }],
  });
  await desk.open('/settings?context=order');
  const main = desk.page.locator('main');
  await expect(main.locator('.held').first()).toContainText('30 min');
  await expect(main.locator('.held').first()).toContainText(desk.say('settings.is_default'));
  await expect(main.locator('.differences')).toContainText('30 min (Vorgabe) → 1 h');
  await expect(main).not.toContainText(/\d{3,}s|[{}"]/);
});

test('mails are looked at in each language before any is sent', async ({ desk, page }) => {
  await desk.open('/settings');
  await page.getByRole('link', { name: desk.say('mails.preview') }).click();
  const subject = page.getByRole('heading', { level: 2 });
  const frame = page.locator('iframe.mail');
  await expect(subject).toHaveText('Bestellung 7K3M-Q2XD bestätigt'); // the office's language is the first
  await desk.field('kind').selectOption('ORDER_SHIPPED');
  await expect(subject).toHaveText('Bestellung 7K3M-Q2XD ist unterwegs');
  await expect(frame).toHaveAttribute('srcdoc', /<html lang="de" dir="ltr">[^]*Sendungsnummer/);
  await desk.field('language').selectOption('ar');
  await expect(frame).toHaveAttribute('srcdoc', /<html lang="ar" dir="rtl">/);
  await page.reload();
  await desk.ready();
  await expect(frame, 'it is its address').toHaveAttribute('srcdoc', /<html lang="ar" dir="rtl">/);
  await expect(subject).toHaveCSS('direction', 'rtl');
});
