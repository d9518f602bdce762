/**
 * Brings what a command needs, then runs it: node scripts/bootstrap.mjs <demo|test|bench|build> -- <command...>
 *
 * Plain JavaScript without dependencies, for it runs before they are there and on whatever Node the machine has (20 is
 * enough). It says each thing that it does in one line, does nothing where nothing is missing, and where it may not
 * install says in one line what to install and exits 69. Then it is transparent: signals and exit code pass through.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants as os } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const unavailable = 69;
const usage = 64;
const home = fileURLToPath(new URL('..', import.meta.url));
const bin = join(home, 'node_modules', '.bin');

/** Commands that must be on the machine, and the Debian packages that bring them. */
const packages = {
  'redis-server': 'redis-server',
  bwrap: 'bubblewrap',
  socat: 'socat',
  curl: 'curl',
  chromium: 'chromium',
  python3: 'python3',
  openssl: 'openssl',
  dockerd: 'docker.io',
  runsc: 'runsc',
};
/** What these packages would start at the next boot. */
const services = { 'redis-server': ['redis-server'], 'docker.io': ['docker.service', 'docker.socket'] };
const needs = {
  demo: ['redis-server', 'bwrap', 'socat', 'curl'],
  bench: ['redis-server', 'bwrap', 'socat', 'dockerd'],
  test: ['redis-server', 'bwrap', 'socat', 'curl', 'chromium', 'python3', 'openssl', 'dockerd', 'runsc'],
  build: [],
};

function say(text) {
  process.stderr.write(`prod-access: ${text}\n`);
}

function leave(code, text) {
  say(text);
  process.exit(code);
}

/** Runs a program whose output matters only when it fails. */
function quietly(program, args, env = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: home,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = error === undefined ? `${stdout}${stderr}`.trim() : error.message;
  return { ok: status === 0, output };
}

function isOnPath(command) {
  // The system's directories are searched too: an ordinary user's PATH may lack sbin.
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/usr/sbin'];
  return places.some((place) => {
    try {
      accessSync(join(place, command), constants.X_OK);
      return place !== '';
    } catch {
      return false;
    }
  });
}

/** What npm noted of its last install is held against the lockfile: a half-done install has noted nothing. */
function dependenciesAreThere() {
  try {
    const read = (path) => JSON.parse(readFileSync(join(home, path), 'utf8')).packages;
    const installed = read('node_modules/.package-lock.json');
    return Object.entries(read('package-lock.json')).every(([path, { version, integrity, optional }]) => {
      if (path === '') return true;
      const held = installed[path];
      if (held === undefined) return optional === true;
      return held.version === version && held.integrity === integrity;
    });
  } catch {
    return false;
  }
}

function bringDependencies() {
  if (dependenciesAreThere()) return;
  say('installing the npm packages of package-lock.json');
  // The engine warnings of npm are about the Node that runs npm, not the one that will run the command.
  const { ok, output } = quietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (!ok) leave(unavailable, `npm ci failed:\n${output}`);
}

/** The Node that will run the command must be 22.12 or newer; the npm packages bring one for Linux. */
function checkNode() {
  const brought = join(bin, 'node');
  const same = !existsSync(brought) || realpathSync(brought) === realpathSync(process.execPath);
  const version = same ? process.version : quietly(brought, ['--version']).output;
  const [, major = '0', minor = '0'] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  if (Number(major) * 1_000 + Number(minor) >= 22_012) return;
  leave(
    unavailable,
    `Node 22.12 or newer is needed, and this is ${version}: install it from https://nodejs.org`,
  );
}

function bringCommands(commands) {
  const missing = commands.filter((command) => !isOnPath(command)).map((command) => packages[command]);
  if (missing.length === 0) return;
  const byHand = `install ${missing.join(', ')} and run this again`;
  if (!isOnPath('apt-get')) leave(unavailable, byHand);
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0)
    leave(unavailable, `${byHand}: sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`);
  say(`installing ${missing.join(', ')} with apt-get`);
  const apt = (...args) =>
    quietly('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], { DEBIAN_FRONTEND: 'noninteractive' });
  const outcome = withoutServices(() => {
    const first = apt(...install);
    if (first.ok) return first;
    const updated = apt('update', '-qq');
    return updated.ok ? apt(...install) : updated;
  });
  if (!outcome.ok) leave(unavailable, `apt-get failed; ${byHand}:\n${outcome.output}`);
  if (!isOnPath('systemctl')) return;
  for (const name of missing)
    for (const unit of services[name] ?? []) quietly('systemctl', ['disable', unit]);
}

/**
 * The project starts a Redis and an engine of its own; the packages must not start any. Debian asks /usr/sbin/policy-rc.d before it
 * starts a service. Ours forbids only while this process lives, so that one left behind does no harm.
 */
function withoutServices(work) {
  const path = '/usr/sbin/policy-rc.d';
  const mark = '# written by prod-access for the time of one install';
  const foreign = existsSync(path) && !readFileSync(path, 'utf8').includes(mark);
  if (foreign) return work();
  const script = `#!/bin/sh\n${mark}\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`;
  writeFileSync(path, script, { mode: 0o755 });
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

function run([program, ...args]) {
  const path = [bin, process.env.PATH, '/usr/local/bin', '/usr/bin', '/usr/sbin']
    .filter(Boolean)
    .join(delimiter);
  const env = { ...process.env, PATH: path };
  const child = spawn(program, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the whole group: the child has it already, and twice means "at once" to some.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => leave(127, `could not run ${program}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + os.signals[signal]));
}

const [mode, dashes, ...command] = process.argv.slice(2);
const wanted = Object.hasOwn(needs, mode ?? '') ? needs[mode] : undefined;
if (wanted === undefined || dashes !== '--' || command.length === 0)
  leave(usage, `use: node scripts/bootstrap.mjs <${Object.keys(needs).join('|')}> -- <command...>`);
bringDependencies();
checkNode();
bringCommands(wanted);
run(command);
