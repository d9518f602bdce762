/** Opens a page in the visitor's browser where there is a desktop to open it on. Never fails and never waits. */
import { spawn } from 'node:child_process';

const script = `
if [ "$(uname)" = Darwin ]; then exec open "$0"; fi
if [ -n "$DISPLAY$WAYLAND_DISPLAY" ] && command -v xdg-open; then exec xdg-open "$0"; fi
`;

export function openBrowser(url: string): void {
  if (process.platform === 'win32') return;
  const child = spawn('/bin/sh', ['-c', script, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
