/**
 * Records numbered lines into a few sessions at once, until it is killed. Tells on its standard output, a line each,
 * how many it had handed over to which session, and when.
 */
import { writeSync } from 'node:fs';
import { fileRecordings } from '../../../src/adapters/recordings/file-recordings.ts';
import { isAccessId, isSessionId } from '../../../src/domain/ids.ts';

const [dir = '', flushMs = '', access = '', ...sessions] = process.argv.slice(2);
if (!isAccessId(access)) throw new Error('no access');
const log = { info() {}, warn: console.error, error: console.error };
const recordings = fileRecordings({ dir, flushMs: Number(flushMs), log });

await Promise.all(
  sessions.map(async (session, which) => {
    if (!isSessionId(session)) throw new Error('no session');
    const size = { cols: 80, rows: 24 };
    const recording = await recordings.begin({ access, session, startedAt: 0, size, title: session });
    tell(`${which} 0`);
    for (let n = 0; ; n += 1) {
      await recording.output(Buffer.from(`${n} ✓\n`));
      // The first floods, the others trickle.
      const pause = which === 0 ? n % 5_000 === 0 : true;
      if (pause) tell(`${which} ${n + 1}`);
      if (pause) await new Promise((resume) => setTimeout(resume, which * 3));
    }
  }),
);

/** Synchronous: what the pipe holds outlives us. */
function tell(what: string): void {
  writeSync(1, `${what} ${Date.now()}\n`);
}
