/**
 * The downloads that are under way in this process: one at a time for each access, for how much may still leave is counted
 * from the trail, which must hold the one before; so many in a minute; and cut when their access is over.
 */
import { addAbortSignal, type Readable } from 'node:stream';
import type { AccessId } from '../domain/ids.ts';
import { isRefused, type Refused } from '../domain/refusal.ts';
import { makeAttempts } from './attempts.ts';
import type { Attendance } from './attendance.ts';
import { type DownloadDeps, download, refusedDetails, written } from './download.ts';
import { type Inside, ownActive, refuseInside } from './own-active.ts';

export type Download = AsyncDisposable & {
  readonly path: string;
  readonly bytes: number;
  /** Fails when the access is over. */
  readonly stream: Readable;
};

export type Downloads = {
  /** `text` is the path as the person wrote it. Whoever gets a download disposes of it. */
  start(inside: Inside, text: string): Promise<Download | Refused>;
};

export function makeDownloads(deps: DownloadDeps, attendance: Attendance): Downloads {
  const underWay = new Map<AccessId, AbortController>();
  const watched = new Set<AccessId>();
  const attempts = makeAttempts(deps);

  /** One for all downloads of an access, so that those that are done are not held until it ends. */
  const cutWithAccess = async (access: AccessId): Promise<void> => {
    if (watched.has(access)) return;
    watched.add(access);
    const why = await attendance.over(access).finally(() => watched.delete(access));
    underWay.get(access)?.abort(new Error(why));
  };

  const startOne = async (inside: Inside, text: string): Promise<Download | Refused> => {
    const { access } = inside;
    const own = await ownActive(deps, inside);
    if (isRefused(own)) return own;
    if (underWay.has(access)) return { refused: { code: 'download-under-way' } };
    const cut = new AbortController();
    underWay.set(access, cut);
    const taken = await download(deps, own, inside, text).catch((error: unknown): never => {
      underWay.delete(access);
      throw error;
    });
    if (isRefused(taken)) {
      underWay.delete(access);
      return taken;
    }
    const { path, kept } = taken;
    const stream = addAbortSignal(cut.signal, kept.read());
    // Whoever comes to read only later is told then.
    stream.on('error', () => {});
    void cutWithAccess(access);
    return {
      path,
      bytes: kept.bytes,
      stream,
      [Symbol.asyncDispose]: async () => {
        stream.destroy();
        underWay.delete(access);
        await kept[Symbol.asyncDispose]();
      },
    };
  };

  return {
    start: async (inside, text) => {
      const tooMany = await attempts.bar(inside, 'download', written(text));
      if (tooMany !== undefined) return tooMany;
      const outcome = await startOne(inside, text);
      if (!isRefused(outcome)) return outcome;
      const { refused } = outcome;
      return refuseInside(deps, inside, 'download', refused, refusedDetails(refused, text));
    },
  };
}
