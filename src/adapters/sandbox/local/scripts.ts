/** The bash scripts beside this file, read once. */
import { readFileSync } from 'node:fs';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

export const superviseScript = read('supervise.sh');
export const initScript = read('init.sh');
export const probeScript = read('probe.sh');
export const terminalScript = read('terminal.sh');
export const bashrcScript = read('bashrc.sh');
