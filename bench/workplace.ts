/** A world with a bot, active accesses of Ana's, and her cookie: where the benches of terminals work. */
import { webPerson } from '../test/support/web-person.ts';
import { approveAsLea, askForWiki, of } from '../test/support/wiki-life.ts';
import { type Bot, openWorld } from '../test/support/world.ts';

export type Workplace = AsyncDisposable & {
  readonly bot: Bot;
  /** The cookie header of a browser in which Ana is signed in. */
  readonly cookie: string;
  /** Opens so many more. */
  accesses(count: number): Promise<readonly string[]>;
  /** Where a WebSocket to a new terminal goes. */
  socketUrl(access: string): string;
};

/** `env` is the bot's, beside what it needs. */
export async function openWorkplace(env: Readonly<Record<string, string>> = {}): Promise<Workplace> {
  const world = await openWorld();
  const bot = await world.startBot({ LOG_LEVEL: 'error', ...env });
  const ana = webPerson(world, bot.port, 'U0ANA');
  await ana.signIn();
  const openOne = async (): Promise<string> => {
    const access = await askForWiki(world, '30m');
    const active = world.untilEntry(of(access, 'access.active'), 60_000);
    await Promise.all([approveAsLea(world, access), active]);
    return access;
  };
  return {
    bot,
    cookie: [...ana.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    accesses: async (count) => {
      const opened: string[] = [];
      for (let index = 0; index < count; index += 1) opened.push(await openOne());
      return opened;
    },
    socketUrl: (access) => `ws://127.0.0.1:${bot.port}/accesses/${access}/socket?cols=100&rows=30`,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
