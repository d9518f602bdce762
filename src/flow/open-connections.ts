/** Connections that the trail says were opened, and of which it holds no end. */
import type { Entry } from '../domain/audit.ts';

export function openConnections(entries: readonly Entry[]): readonly Entry[] {
  const closed = new Set(
    entries.filter(({ action }) => action === 'connection.closed').map(({ details }) => details.connection),
  );
  return entries.filter(
    ({ action, details }) => action === 'connection.opened' && !closed.has(details.connection),
  );
}
