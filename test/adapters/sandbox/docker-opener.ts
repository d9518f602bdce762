/**
 * A bot reduced to opening one container, and a terminal in it where it is told what to type, as a process that tests
 * can kill. Arguments: the driver's options and the spec, both in JSON, and what to type. Says `open` or what went wrong,
 * and lives until killed.
 */
import { dockerSandboxes } from '../../../src/adapters/sandbox/docker/docker-sandboxes.ts';

const [options = '{}', spec = '{}', typed = ''] = process.argv.slice(2);
try {
  const driver = dockerSandboxes(JSON.parse(options));
  const { labels } = await driver.open(JSON.parse(spec));
  if (typed !== '') {
    const { stream } = await driver.terminal(labels.access, { cols: 80, rows: 24 });
    stream.resume().write(typed);
  }
  process.stdout.write('open\n');
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
setInterval(() => undefined, 60_000);
