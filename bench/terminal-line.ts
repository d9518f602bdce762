/** The far end of a terminal: something that is typed into and read from. Over WebSocket, or a bare PTY on the host. */
import { once } from 'node:events';
import { spawn } from '@lydell/node-pty';
import { WebSocket } from 'ws';

export type Line = {
  write(text: string): void;
  /** Resolves once this was shown, with how many bytes came until then. */
  until(text: string): Promise<number>;
};

/** How much is taken before the server hears of it: what the page does. */
const takenStep = 64 * 1024;
/** Of what came last, where a text is looked for. */
const lookBack = 256;

export async function webLine(url: string, cookie: string): Promise<Line> {
  const { origin } = new URL(url.replace('ws:', 'http:'));
  const socket = new WebSocket(url, { headers: { cookie, origin }, perMessageDeflate: false });
  const reader = makeReader();
  let taken = 0;
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return;
    reader.hear(data);
    taken += data.length;
    if (taken < takenStep) return;
    socket.send(JSON.stringify({ type: 'taken', bytes: taken }));
    taken = 0;
  });
  await once(socket, 'open');
  return { write: (text) => socket.send(Buffer.from(text)), until: reader.until };
}

export function ptyLine(cwd: string): Line {
  const env = { PATH: '/usr/bin:/bin', TERM: 'xterm-256color', PS1: '$ ' };
  const pty = spawn('/bin/bash', ['--norc', '-i'], { cols: 100, rows: 30, cwd, env, encoding: null });
  const reader = makeReader();
  // Without an encoding it gives buffers, whatever its types say.
  pty.onData((data: string | Buffer) => reader.hear(Buffer.from(data as Buffer)));
  return { write: (text) => pty.write(text), until: reader.until };
}

function makeReader(): Pick<Line, 'until'> & { hear(bytes: Buffer): void } {
  let last = '';
  let came = 0;
  let awaited: { readonly text: string; readonly resolve: (bytes: number) => void } | undefined;
  return {
    hear: (bytes) => {
      came += bytes.length;
      if (awaited === undefined) return;
      last = (last + bytes.toString('latin1', Math.max(0, bytes.length - lookBack))).slice(-lookBack);
      if (!last.includes(awaited.text)) return;
      awaited.resolve(came);
      awaited = undefined;
    },
    until: (text) => {
      last = '';
      came = 0;
      return new Promise((resolve) => {
        awaited = { text, resolve };
      });
    },
  };
}
