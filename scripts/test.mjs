/**
 * What `npm test` runs: the type check, the lint and the tests, all three whatever the earlier ones say, and a summary
 * at the end. Arguments go to vitest: npm test -- test/domain
 */
import { spawn } from 'node:child_process';

const steps = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'demo', command: ['tsc', '-p', 'src/playground/page'] },
  { name: 'pages', command: ['tsc', '-p', 'src/doors/web/page'] },
  { name: 'lint', command: ['biome', 'ci', '.'] },
  { name: 'tests', command: ['vitest', 'run', ...process.argv.slice(2)] },
];

let running;
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopped = true;
    if (signal !== 'SIGINT' || !process.stdin.isTTY) running?.kill(signal);
  });
}

function run([program, ...args]) {
  return new Promise((resolve) => {
    running = spawn(program, args, { stdio: 'inherit' });
    running.on('error', (error) => {
      process.stderr.write(`could not run ${program}: ${error.message}\n`);
      resolve(false);
    });
    running.on('exit', (code) => resolve(code === 0));
  });
}

const lines = [];
let allGood = true;
for (const { name, command } of steps) {
  if (stopped) break;
  const begun = performance.now();
  const good = await run(command);
  allGood &&= good;
  lines.push(
    `${good ? 'ok    ' : 'FAILED'}  ${name.padEnd(7)}${((performance.now() - begun) / 1_000).toFixed(1)} s`,
  );
}
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exitCode = allGood && !stopped ? 0 : 1;
