/** The life of a WebSocket: whether its browser is still there, and how it is ended in words. */
import type { WebSocket } from 'ws';
import type { EndNews } from './terminal-news.ts';

/** A browser that does not answer this often is gone. */
const pingEveryMs = 10_000;
/** After this a browser that was told that it is over, and does not close, is cut. */
const closeMs = 500;
/** Answers to pings that nobody reads are not heaped up: no browser sends any. */
const pongsMax = 16 * 1024;

export function keepAlive(socket: WebSocket): void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    // Nothing is read of one whose shell is slow to take what was typed, its answers neither.
    if (socket.isPaused) answered = true;
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, pingEveryMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}

export function answerPings(socket: WebSocket): void {
  socket.on('ping', (data) => {
    if (socket.bufferedAmount < pongsMax) socket.pong(data);
  });
}

/** Tells the page what the end is and why, as its last news. */
export function endWith(socket: WebSocket, news: EndNews): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.resume();
  socket.send(JSON.stringify(news));
  socket.close(1000);
  // What it still sends is for nobody.
  socket.removeAllListeners('message');
  setTimeout(() => socket.terminate(), closeMs).unref();
}

/** Ends a connection that sent what no page of ours sends. */
export function endMalformed(socket: WebSocket): void {
  socket.removeAllListeners('message');
  socket.close(1008, 'malformed');
  setTimeout(() => socket.terminate(), closeMs).unref();
}
