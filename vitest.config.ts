import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/compiled-bot.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Two cores: real Redis servers, sandboxes and browsers run beside the tests.
    maxWorkers: 2,
    // The lives of the kill matrix mostly wait.
    maxConcurrency: 8,
    restoreMocks: true,
  },
});
