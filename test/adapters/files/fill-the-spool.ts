/** Keeps more than the disk of the given directory takes, says in JSON how that went, and keeps something small after it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileSpool } from '../../../src/adapters/files/file-spool.ts';

const [dir = ''] = process.argv.slice(2);
const spool = fileSpool(dir);
const large = Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(100_000)));
const failed = await spool.keep(large).then(
  () => 'kept',
  (error: unknown) => String(error),
);
await using small = await spool.keep(Readable.from([Buffer.from('small')]));
const outcome = {
  failed,
  isLetGo: large.destroyed,
  left: readdirSync(join(dir, 'spool')),
  small: small.bytes,
};
process.stdout.write(JSON.stringify(outcome));
