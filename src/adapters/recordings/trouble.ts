/** What can go wrong with files, in words for people and without paths. */
import { RecordingFault } from '../../ports/recordings.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is too large for the disk',
  EIO: 'the disk fails',
  EROFS: 'the disk is read-only',
  EACCES: 'the files may not be touched',
  EPERM: 'the files may not be touched',
  EEXIST: 'it exists already',
  ENOENT: 'the file is gone',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

export function reasonOf(error: unknown): string {
  if (error instanceof RecordingFault) return error.message;
  const code = codeOf(error);
  return (
    reasons[code ?? ''] ??
    `the file cannot be written (${code ?? (error instanceof Error ? error.name : 'unknown')})`
  );
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function faultFrom(error: unknown): RecordingFault {
  return error instanceof RecordingFault ? error : new RecordingFault(reasonOf(error), { cause: error });
}
