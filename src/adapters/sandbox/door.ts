/** The directory by which a sandbox sees the host: laid down by the host, read-only inside. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Listener } from '../../ports/sandboxes.ts';
import { layKept } from './kept.ts';
import { doorsDir, type House, keptDirs, type Place } from './local/machine.ts';
import { bashrcScript, fileScript, listenScript, probeScript, terminalScript } from './local/scripts.ts';

export function makeDoor(house: House, place: Place): void {
  mkdirSync(doorsDir(house), { recursive: true, mode: 0o711 });
  for (const path of [place.door, join(place.door, 'calls'), place.sockets]) {
    mkdirSync(path, { recursive: true });
    // Whatever the umask: the sandbox's user passes through, and lists nothing.
    chmodSync(path, 0o711);
  }
}

/** What every first process finds beside its own script. */
export function layScripts(house: House, place: Place, init: string, listeners: readonly Listener[]): void {
  const files = {
    init,
    listen: listenScript,
    probe: probeScript,
    terminal: terminalScript,
    file: fileScript,
    bashrc: bashrcScript,
    // The same in all sandboxes, as far as the broker's names go.
    listeners: listeners.map(({ port, socket }) => `${port} ${socket}\n`).join(''),
  };
  const store = keptDirs(house).doors;
  for (const [name, text] of Object.entries(files))
    layKept(store, join(place.door, 'calls', name), text, 0o644);
}
