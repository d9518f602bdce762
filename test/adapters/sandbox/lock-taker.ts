/** A process that takes the lock of the file in its argument, says so, and keeps it until killed. */
import { lock } from '../../../src/adapters/sandbox/local/lock.ts';

await lock(process.argv[2] ?? '');
process.stdout.write('taken\n');
setInterval(() => undefined, 60_000);
