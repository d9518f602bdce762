/**
 * What `doctor` sees of the pages from outside, as a browser would: does PUBLIC_URL lead to the bot that runs on this host,
 * with its terminals? A bot that does not run is no fault. Changes nothing, and is nobody: it has no cookie.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { answerMs, type WebFinding, whyNoAnswer } from './check-sign-in.ts';
import { callbackPath } from './sign-in.ts';

export type PagesAsked = {
  /** No slash at its end. */
  readonly publicUrl: string;
  readonly port: number;
  readonly clientId: string;
};

/** Never throws. */
export async function checkPages(asked: PagesAsked): Promise<readonly WebFinding[]> {
  const { publicUrl, port } = asked;
  const redirect: WebFinding = {
    check: 'redirect URL',
    ok: true,
    says: `what must stand in your Slack app's settings, to the letter, is ${publicUrl}${callbackPath}`,
  };
  const check = 'PUBLIC_URL';
  if (!(await runsHere(port))) {
    const says = `${publicUrl}, not tried: no bot answers on port ${port} of this host`;
    return [redirect, { check, ok: true, says }];
  }
  const wrong = await leadsElsewhere(asked);
  if (wrong !== undefined) return [redirect, { check, ok: false, ...wrong }];
  return [redirect, { check, ok: true, says: `${publicUrl} leads to this bot` }, await checkTerminals(asked)];
}

async function runsHere(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(answerMs);
    return (await (await fetch(`http://127.0.0.1:${port}/healthz`, { signal })).text()) === 'alive\n';
  } catch {
    return false;
  }
}

type Wrong = { readonly says: string; readonly remedy: string };

/** The page that sends somebody to Slack tells whose client sends them, and where they are to come back. */
async function leadsElsewhere({ publicUrl, port, clientId }: PagesAsked): Promise<Wrong | undefined> {
  try {
    const signal = AbortSignal.timeout(answerMs);
    const { status, headers } = await fetch(`${publicUrl}/`, { redirect: 'manual', signal });
    const sentTo = URL.parse(headers.get('location') ?? '')?.searchParams;
    const back = sentTo?.get('redirect_uri') ?? undefined;
    if (status !== 303 || back === undefined || sentTo?.get('client_id') !== clientId)
      return {
        says: `${publicUrl} answers ${status}, not as this bot does`,
        remedy: `let the proxy pass the paths that README.md names to port ${port}; a 503 of the bot's own means that it cannot reach Slack`,
      };
    if (back === publicUrl + callbackPath) return undefined;
    return {
      says: `the bot there sends people to ${back}`,
      remedy: 'start it with the PUBLIC_URL that doctor has, or correct this one',
    };
  } catch (error) {
    return {
      says: `${publicUrl} does not answer this host: ${whyNoAnswer(error)}`,
      remedy:
        'look at its name in DNS, its certificate and the proxy before the bot; where browsers reach it and only this host does not, all is well',
    };
  }
}

/** An access that nobody has: the door takes the WebSocket, says that nobody is signed in, and closes. */
async function checkTerminals({ publicUrl }: PagesAsked): Promise<WebFinding> {
  const check = 'terminals';
  const remedy = 'let the proxy pass the upgrade of WebSockets, and Origin as it came: README.md shows how';
  const address = `${publicUrl.replace(/^http/, 'ws')}/accesses/acc_aaaaaaaaaaaaaaaa/socket`;
  const socket = new WebSocket(address, { origin: new URL(publicUrl).origin, handshakeTimeout: answerMs });
  try {
    const answered = new Promise<number | undefined>((resolve) =>
      socket.once('unexpected-response', (_, answer: IncomingMessage) => resolve(answer.statusCode)),
    );
    const status = await Promise.race([once(socket, 'open'), answered]);
    return typeof status === 'number'
      ? { check, ok: false, says: `a WebSocket is answered with ${status}`, remedy }
      : { check, ok: true, says: 'WebSockets get through' };
  } catch (error) {
    return { check, ok: false, says: `a WebSocket gets no answer: ${whyNoAnswer(error)}`, remedy };
  } finally {
    socket.on('error', () => {});
    socket.terminate();
  }
}
