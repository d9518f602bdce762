/** `npm run bench`: every figure as a ratio or a difference against a baseline that was measured in the same run. */
import { benchAck } from './ack.ts';
import { benchClickToActive } from './click-to-active.ts';
import { benchContainer } from './container.ts';
import { printFigures } from './figures.ts';
import { benchLedger } from './ledger.ts';
import { benchRecordings } from './recordings.ts';
import { benchSandbox } from './sandbox.ts';
import { benchTerminal } from './terminal.ts';
import { benchTerminalMemory } from './terminal-memory.ts';

const benches = {
  ledger: benchLedger,
  ack: benchAck,
  'click-to-active': benchClickToActive,
  recordings: benchRecordings,
  sandbox: benchSandbox,
  container: benchContainer,
  terminal: benchTerminal,
  'terminal-memory': benchTerminalMemory,
};
const wanted = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) printFigures(await bench());
}
