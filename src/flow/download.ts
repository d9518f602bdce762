/**
 * Takes a file out of an active access for its requester, and puts it on the record.
 *
 * Nothing leaves before the ledger holds an entry, and how much leaves, and what, is known only once all of it was read.
 * So the file is read out whole, as much as may leave and no more, kept on the host without a name, digested and entered,
 * and only then handed on: what is sent is what was digested, whatever becomes of the file. The entry says that it was
 * given to be sent; of a sending that was cut, some part may have left.
 */
import type { Details } from '../domain/audit.ts';
import { downloadedBytes, downloadMax } from '../domain/download.ts';
import { isoTime } from '../domain/duration.ts';
import { ownPath } from '../domain/own-path.ts';
import { isRefused, type Refusal, type Refused } from '../domain/refusal.ts';
import { cleanText } from '../domain/request.ts';
import { SandboxFault } from '../ports/sandboxes.ts';
import { type Kept, SpoolFault } from '../ports/spool.ts';
import type { Flow } from './deps.ts';
import { type Inside, ownActive, type StoredActive } from './own-active.ts';

export type DownloadDeps = Pick<
  Flow,
  'ledger' | 'files' | 'spool' | 'directory' | 'policy' | 'clock' | 'log'
>;

export type Taken = { readonly path: string; readonly kept: Kept };

/** The longest path, in characters, that a refusal's entry repeats of what somebody wrote. */
const writtenMax = 300;

/** `own`: as it was judged just now. `text`: the path as the person wrote it. Whoever gets the file disposes of it. */
export async function download(
  deps: DownloadDeps,
  own: StoredActive,
  inside: Inside,
  text: string,
): Promise<Taken | Refused> {
  const taken = await readOut(deps, own, text);
  if (isRefused(taken)) return taken;
  const { path, kept } = taken;
  try {
    // Reading takes its time.
    const late = await ownActive(deps, inside);
    const refusal = isRefused(late) ? late.refused : barFromDownload(deps, late);
    if (refusal !== undefined) {
      await kept[Symbol.asyncDispose]();
      return { refused: refusal };
    }
    const { bytes, sha256 } = kept;
    await deps.ledger.append([
      {
        at: isoTime(deps.clock.now()),
        action: 'file.downloaded',
        access: inside.access,
        actor: { kind: 'person', ...inside.person },
        target: own.access.request.target,
        details: { path: cleanText(path), bytes, sha256 },
      },
    ]);
    return taken;
  } catch (error) {
    await kept[Symbol.asyncDispose]();
    throw error;
  }
}

/** What was asked for, as the entry of a refusal tells it. */
export function written(text: string): Details {
  return { path: cleanText(text, writtenMax) };
}

/** What the entry of a refused download tells of it. */
export function refusedDetails(refusal: Refusal, text: string): Details {
  return {
    ...written(text),
    ...('why' in refusal ? { why: cleanText(refusal.why, writtenMax) } : {}),
    ...('bytes' in refusal ? { bytes: refusal.bytes } : {}),
  };
}

function barFromDownload({ policy }: DownloadDeps, { access }: StoredActive): Refusal | undefined {
  const max = downloadMax(policy.current(), access.request);
  return typeof max === 'number' ? undefined : max;
}

async function readOut(deps: DownloadDeps, own: StoredActive, text: string): Promise<Taken | Refused> {
  const refuse = (refused: Refusal): Refused => ({ refused });
  const { request } = own.access;
  const maxBytes = downloadMax(deps.policy.current(), request);
  if (typeof maxBytes !== 'number') return refuse(maxBytes);
  const named = ownPath(text);
  if ('flaw' in named) return refuse({ code: 'no-file', why: named.flaw, path: text });
  const { path } = named;
  const evidence = await deps.ledger.evidence(own);
  if ('flaw' in evidence)
    return refuse({ code: 'unproven', why: `its record does not verify: ${evidence.flaw}` });
  const leftBytes = Math.max(0, maxBytes - downloadedBytes(evidence.entries));
  try {
    const file = await deps.files.readFile(request.id, path, leftBytes);
    if ('flaw' in file) return refuse({ code: 'no-file', why: file.flaw, path });
    if ('tooBig' in file) return refuse({ code: 'file-too-big', bytes: file.tooBig, leftBytes, maxBytes });
    return { path, kept: await deps.spool.keep(file.stream) };
  } catch (error) {
    if (!(error instanceof SandboxFault || error instanceof SpoolFault)) throw error;
    deps.log.warn({ access: request.id, err: error }, 'a file could not be read out');
    return refuse({ code: 'download-failed', why: error.message });
  }
}
