/**
 * A bot reduced to opening one sandbox, as a process that tests can kill. Arguments: the driver's options and the
 * spec, both in JSON. Says `open` or what went wrong, and lives until killed.
 */
import { localSandboxes } from '../../../src/adapters/sandbox/local/local-sandboxes.ts';

const [options = '{}', spec = '{}'] = process.argv.slice(2);
try {
  await localSandboxes(JSON.parse(options)).open(JSON.parse(spec));
  process.stdout.write('open\n');
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
setInterval(() => undefined, 60_000);
