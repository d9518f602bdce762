/** The command line says what it has to say itself; what a flow would log besides is left out. */
import type { Flow } from '../../flow/deps.ts';

export const quietLog: Flow['log'] = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
