// Who works in the office, and what the checks of it have in common.
import { readFileSync } from 'node:fs';
import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { leave, test as base, type Errors } from '../check.ts';
import { served, type Person } from '../served.ts';

export { expect };

export type Language = 'en' | 'de';
type Texts = Readonly<Record<string, string>>;

const read = (language: Language): Texts => JSON.parse(readFileSync(new URL(`../../../../web/messages/${language}/office.json`, import.meta.url), 'utf8')) as Texts;
const texts: Readonly<Record<Language, Texts>> = { en: read('en'), de: read('de') };

/** Who is signed in when a check begins. */
export type Who = keyof typeof served.people | 'nobody';

/** The office as somebody has it open. */
export class Desk {
  constructor(
    readonly page: Page,
    readonly errors: Errors,
    readonly language: Language = 'en',
  ) {}

  /** Opens an address of the office, and waits until its screen is there. */
  async open(path: string): Promise<void> {
    await this.page.goto(`/office${path}`);
    await this.ready();
  }

  /** Waits until nothing is loading. */
  async ready(): Promise<void> {
    // Looked at in each frame: an expectation that fails first looks again later than most screens take.
    await this.page.waitForFunction(() => document.querySelector(':is(#main, main.narrow) h1')?.checkVisibility() && !document.querySelector('.skeleton'));
  }

  /** Closes the tab, and returns another one's desk, in which nothing was typed and a language is chosen. */
  async anew(who: Who, language: Language): Promise<Desk> {
    await this.page.evaluate((chosen) => {
      sessionStorage.clear();
      localStorage.setItem('office-language', chosen);
    }, language);
    await leave(this.page);
    const context = this.page.context();
    if (who !== 'nobody' && (await context.cookies()).length === 0) await enter(context, served.people[who]);
    return new Desk(this.page, this.errors, language);
  }

  /** A text of the office, in the language that it shows. */
  say(id: string, values: Readonly<Record<string, string>> = {}): string {
    const text = texts[this.language][id];
    if (text === undefined) throw new Error(`the office has no text ${id}`);
    return text.replace(/\{\{\.(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
  }

  /** The buttons that have a text. */
  button(id: string): Locator {
    return this.page.getByRole('button', { name: this.say(id), exact: true });
  }

  /** What leads to the screens. A list that has pages has a navigation of its own. */
  get places(): Locator {
    return this.page.getByRole('navigation', { name: this.say('nav.label'), exact: true });
  }

  /** What is asked over the screen. */
  get dialog(): Locator {
    return this.page.locator('.dialog');
  }

  /** Presses the button that opens a dialog. */
  async ask(id: string): Promise<void> {
    await this.button(id).first().click();
    await expect(this.dialog).toBeVisible();
  }

  /** Sends the form of the dialog, or else of the screen. */
  async send(): Promise<void> {
    await this.page.locator('.dialog form, main form:not([role=search])').last().locator('button[type=submit]').click();
  }

  /** What a form was refused for. */
  get summary(): Locator {
    return this.page.locator('form > [role=alert][tabindex]');
  }

  /** A field of a form, by the name that the contract has for it. */
  field(name: string): Locator {
    return this.page.locator(`[data-field="${name}"]`).locator('input:not([type=hidden]), select, textarea').first();
  }

  /** The rows of the list. */
  get rows(): Locator {
    return this.page.locator('main tbody [role=row]');
  }

  /** Selects all rows of the list, by the box above them. */
  async selectAll(): Promise<void> {
    await this.page.locator('thead label').first().click();
    await expect(this.page.locator('.bulk-bar')).toBeVisible();
  }

  /** Waits until it is said that something was done. */
  async said(text: string | RegExp): Promise<void> {
    await expect(this.page.locator('.toast')).toContainText(text);
  }
}

/**
 * Signs somebody in without a page: the browser has the cookie with which the office goes on. Each
 * check has a session of its own, because a refresh token has one successor.
 */
export async function enter(context: BrowserContext, { email, password }: Person): Promise<void> {
  const answer = await context.request.post('/shopmesh.identity.v1.AccountService/SignIn', {
    data: { kind: 'ACCOUNT_KIND_STAFF', email, password, useCookie: true },
  });
  expect(answer.status(), await answer.text()).toBe(200);
}

export const test = base.extend<{ who: Who; language: Language; desk: Desk }>({
  who: ['owner', { option: true }],
  language: ['en', { option: true }],
  locale: async ({ language }, use) => {
    await use(language === 'de' ? 'de-DE' : 'en-GB');
  },
  context: async ({ context, who }, use) => {
    if (who !== 'nobody') await enter(context, served.people[who]);
    await use(context);
  },
  desk: async ({ page, errors, language }, use) => {
    await use(new Desk(page, errors, language));
    await page.unrouteAll({ behavior: 'ignoreErrors' }); // what a check answers may be asked for as it ends
  },
});
