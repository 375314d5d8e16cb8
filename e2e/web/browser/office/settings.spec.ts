// Lists of messages in the settings' form, which is made of the contracts.
import { call } from '../served.ts';
import { expect, test } from './office.ts';

/** What is added to a list: by the names of the form, and as the contract has it afterwards. */
interface Added {
  list: string;
  typed: Readonly<Record<string, string>>;
  kept: readonly [field: string, item: object];
}

const added: Readonly<Record<string, readonly Added[]>> = {
  storefront: [
    {
      list: 'announcements',
      typed: { language: 'de', text: 'Im August sind wir verreist.' },
      kept: ['announcements', { language: 'de', text: 'Im August sind wir verreist.' }],
    },
    { list: 'legal_texts', typed: { language: 'de', imprint: '# Wer wir sind' }, kept: ['legalTexts', { language: 'de', imprint: '# Wer wir sind' }] },
    {
      list: 'carriers',
      typed: { name: 'Parcels', tracking_url: 'https://parcels.example/{code}' },
      kept: ['carriers', { name: 'Parcels', trackingUrl: 'https://parcels.example/{code}' }],
    },
  ],
  order: [
    {
      list: 'payment_method_rules',
      typed: { method: 'sandbox_slow', payment_window: '20 min' },
      kept: ['paymentMethodRules', { method: 'sandbox_slow', paymentWindow: '1200s' }],
    },
  ],
};

async function settingsOf(context: string): Promise<Record<string, object[] | undefined>> {
  const answer = await call<{ settings: Record<string, Record<string, object[]>> }>('config.v1.ConfigService/GetSettings', { context });
  return answer.settings[context] ?? {};
}

for (const [context, lists] of Object.entries(added)) {
  test(`settings of ${context}: messages are added to lists, saved, read again and taken out`, async ({ desk, page }) => {
    const before = await settingsOf(context);
    await desk.open(`/settings?context=${context}`);
    const buttons = (list: string, id: string) => page.locator(`[data-field="${list}"]`).getByRole('button', { name: desk.say(id), exact: true });
    const fields: [name: string, text: string][] = [];
    for (const { list, typed } of lists) {
      const at = await page.locator(`[data-field^="${list}["][data-field$="].${Object.keys(typed)[0]}"]`).count();
      await buttons(list, 'settings.add').last().click(); // those before are of lists within
      for (const [part, text] of Object.entries(typed)) {
        const name = `${list}[${at}].${part}`;
        await desk.field(name).fill(text);
        fields.push([name, text]);
      }
    }
    await desk.send();
    await desk.said('The settings are saved.');

    await page.reload();
    await desk.ready();
    for (const [name, text] of fields) await expect(desk.field(name), name).toHaveValue(text);
    const saved = await settingsOf(context);
    for (const { kept: [field, item] } of lists) expect(saved[field]?.at(-1), field).toEqual(item);

    for (const { list } of lists) await buttons(list, 'settings.remove').last().click();
    await desk.send();
    await expect.poll(() => settingsOf(context), 'all is as it was before').toEqual(before);
  });
}
