#!/usr/bin/env node
/** Process entry: runs the command line until it is done or a signal says so. */
import { runCommandLine } from './run-cli.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

process.exit(await runCommandLine(process.argv.slice(2), stop.signal));
