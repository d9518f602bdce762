/** The bash scripts beside this file, read once. */
import { readFileSync } from 'node:fs';
import { supervisionScript } from '../local/scripts.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

export const superviseScript = supervisionScript + read('supervise.sh');
export const initScript = read('init.sh');
