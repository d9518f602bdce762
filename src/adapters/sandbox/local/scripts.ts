/** The bash scripts, read once: those beside this file, and those above it that all drivers share. */
import { readFileSync } from 'node:fs';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** What every supervisor does, which each driver's own script continues. */
export const supervisionScript = read('../supervision.sh');
export const superviseScript = supervisionScript + read('supervise.sh');
export const initScript = read('init.sh');
export const listenScript = read('../listen.sh');
export const fileScript = read('../file.sh');
export const probeScript = read('probe.sh');
export const terminalScript = read('terminal.sh');
export const bashrcScript = read('bashrc.sh');
