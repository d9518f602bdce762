/** What keeps the drivers to the port's promise: nothing but faults comes out. */
import { type AccessId, isAccessId } from '../../domain/ids.ts';
import { SandboxFault } from '../../ports/sandboxes.ts';

export async function onlyFaults<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof SandboxFault) throw cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new SandboxFault('unavailable', `the host failed: ${said}`, { retryable: true, cause });
  }
}

/** What trying again does not mend. */
export function unavailable(message: string): SandboxFault {
  return new SandboxFault('unavailable', message, { retryable: false });
}

/** An id is part of paths and of a container's name. */
export function mustBeId(access: AccessId): AccessId {
  if (isAccessId(access)) return access;
  throw unavailable('not an access id');
}
