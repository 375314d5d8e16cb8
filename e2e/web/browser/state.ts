// What a state of a page is, and how a page is opened.
import { expect, type Page } from '@playwright/test';
import type { Errors } from './check.ts';

/** A visitor in a language: the page, and what precedes its paths. */
export interface Visitor {
  page: Page;
  errors: Errors;
  language: '' | '/de' | '/ar';
}

export interface State {
  name: string;
  open: (visitor: Visitor) => Promise<void>;
}

/** Opens a page, of another shop where one is given, and checks how it is answered. */
export async function go({ page, errors, language }: Visitor, path: string, status = 200, at = ''): Promise<void> {
  if (status >= 400) errors.expect(new RegExp(`status of ${status}`));
  const answer = await page.goto(`${at}${language}${path === '/' && language ? '' : path}`);
  expect(answer?.status(), path).toBe(status);
}

