import { defineConfig } from '@playwright/test';
import { launch } from './launch.ts';
import { soon } from './soon.ts';

// How long a check waits for what has to come. It states no speed: machines are busy.
const patience = 180_000;

export default defineConfig({
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  reporter: 'list',
  timeout: 2 * patience,
  expect: { timeout: patience, toPass: { intervals: soon } },
  use: {
    baseURL: (JSON.parse(process.env['SHOP'] ?? '{}') as { url?: string }).url,
    browserName: 'chromium',
    launchOptions: launch,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1280, height: 900 },
    actionTimeout: patience,
    navigationTimeout: patience,
  },
  projects: [
    { name: 'shop', testDir: 'shop' },
    { name: 'office', testDir: 'office' },
    { name: 'budgets', testDir: 'budgets', workers: 1 },
    { name: 'screenshots', testDir: 'screenshots' },
  ],
});
