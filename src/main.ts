/** Process entry: config, app, run until a signal, dispose. */
import { CannotStart, openApp } from './app.ts';
import { configProblemsText, loadEnvironment, readConfig } from './config.ts';
import { makeLog } from './log.ts';

async function serve(): Promise<number> {
  const config = readConfig(loadEnvironment());
  if ('problems' in config) {
    process.stderr.write(configProblemsText(config));
    return 78;
  }
  const log = makeLog(config.logLevel);
  const app = await openApp(config, log);
  const stopped = new Promise<'signal'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('signal'));
  });
  const why = await Promise.race([stopped, app.mustRestart]);
  log.info({ why }, 'stopping');
  await app[Symbol.asyncDispose]();
  return why === 'signal' ? 0 : 75;
}

try {
  process.exit(await serve());
} catch (error) {
  if (!(error instanceof CannotStart)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(69);
}
