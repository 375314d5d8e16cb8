// How Chromium is started.
import type { LaunchOptions } from '@playwright/test';

const root = process.getuid?.() === 0;

export const launch: LaunchOptions = {
  chromiumSandbox: !root, // Chromium's own needs a user who is not root
  executablePath: process.env['CHROMIUM'],
  args: ['--disable-gpu', '--disable-dev-shm-usage'],
};
