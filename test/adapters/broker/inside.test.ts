/** From a real sandbox, whose only ways out are its broker's sockets. */
import { describe, expect, it } from 'vitest';
import { newAccess, specFor } from '../../contract/sandboxes.ts';
import { localGround } from '../sandbox/local-ground.ts';
import { echo, ground, loopbackForward, token, upstream } from './ground.ts';

/** Says a line to a port of the sandbox's own loopback and shows the answer. */
const say = (port: number, text: string): string =>
  `exec 3<>/dev/tcp/127.0.0.1/${port} && printf '${text}' >&3 && timeout 5 head -n 1 <&3`;

describe('the broker of a local sandbox', () => {
  it('carries for those inside, and for as long as it stands', async () => {
    await using far = await upstream(echo);
    await using place = await localGround();
    const access = newAccess();
    const { sockets } = await place.sandboxes.open({
      ...specFor(place.install, access, Date.now() + 60_000),
      listeners: [
        { port: 3128, socket: 'proxy' },
        { port: 3129, socket: 'credentials' },
        { port: 5432, socket: 'forward-db' },
      ],
    });
    await using broker = await ground({
      spec: {
        access,
        sockets,
        egress: [{ host: 'db.example.com', port: 443, private: false }],
        forwards: [loopbackForward('db', far.port)],
      },
    });
    const inside = async (script: string): Promise<string> =>
      (await place.bash(access, script)).stdout.trim();
    expect(await inside(say(5432, 'hello\\n'))).toBe('hello');
    expect(await inside(say(3128, 'CONNECT other.example.com:443 HTTP/1.1\\r\\n\\r\\n'))).toBe(
      "HTTP/1.1 403 not in this target's egress: other.example.com:443",
    );
    const get = `GET /credentials HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: ${token}\\r\\n\\r\\n`;
    expect(await inside(say(3129, get))).toBe('HTTP/1.1 200 OK');
    // Nothing inside can take the place of a socket, or open it to others.
    const at = '/run/prod-access/sockets';
    expect(
      await inside(
        `rm -f ${at}/proxy; mv ${at}/proxy ${at}/x; chmod 777 ${at}/proxy; touch ${at}/y; ls ${at}`,
      ),
    ).toBe('');
    expect(await inside(`test -S ${at}/proxy && echo stands`)).toBe('stands');
    await broker.broker.close('the access ended');
    expect(await inside(`${say(5432, 'hello\\n')}; echo over`)).toBe('over');
    expect(broker.told.closed).toHaveLength(1);
    expect(broker.told.blocked).toHaveLength(1);
  });
});
