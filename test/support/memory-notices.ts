/** Messages in memory, one for each access, tag and place; places can fail, for a while or for good. */
import type { Delivery, Message, Notice, Notices, Place, Standing } from '../../src/ports/notices.ts';

export type MemoryNotices = Notices & {
  /** The messages that stand, oldest first, with how often each was edited. */
  readonly messages: readonly (Standing & { access: string; tag: string; message: Message; edits: number })[];
  /** Channels and people that nothing can be delivered to, and whether trying again helps. */
  readonly failing: Map<string, Extract<Delivery, { delivered: false }>>;
};

export function memoryNotices(): MemoryNotices {
  const messages = new Map<string, MemoryNotices['messages'][number]>();
  const failing: MemoryNotices['failing'] = new Map();
  const nameOf = (place: Place): string => ('channel' in place ? place.channel : place.person);
  return {
    failing,
    get messages() {
      return [...messages.values()];
    },
    async upsert({ access, tag, to, message }: Notice) {
      const failure = failing.get(nameOf(to));
      if (failure !== undefined) return failure;
      const key = `${access} ${tag} ${nameOf(to)}`;
      const standing = messages.get(key);
      const ts = standing?.ts ?? `${messages.size + 1}.000000`;
      const channel = 'channel' in to ? to.channel : `D${to.person}`;
      messages.set(key, { channel, ts, to, access, tag, message, edits: (standing?.edits ?? -1) + 1 });
      return { delivered: true };
    },
    async posted(access, tag) {
      return [...messages.values()]
        .filter((each) => each.access === access && each.tag === tag)
        .map(({ channel, ts, to }) => ({ channel, ts, to }));
    },
  };
}
