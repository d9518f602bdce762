/** What probe.sh said, parsed. Never judges; a line that is missing reads as undefined, which no check accepts. */

export type Mount = {
  readonly point: string;
  readonly options: readonly string[];
  readonly type: string;
  readonly size: number | undefined;
};

export type InsideReport = {
  one(name: string): string | undefined;
  all(name: string): readonly string[];
  readonly status: ReadonlyMap<string, string>;
  readonly interfaces: readonly string[];
  /** Ways to anything but the loopback. */
  readonly routes: readonly string[];
  readonly mounts: readonly Mount[];
  /** The complaints of bash and unshare, in their own words. */
  readonly complaints: string;
};

export function parseReport(text: string, complaints: string): InsideReport {
  const lines = new Map<string, string[]>();
  for (const line of text.replaceAll('\x1e', '\n').split('\n')) {
    const at = line.indexOf('\t');
    if (at < 0) continue;
    const name = line.slice(0, at);
    lines.set(name, [...(lines.get(name) ?? []), line.slice(at + 1)]);
  }
  const all = (name: string): readonly string[] => lines.get(name) ?? [];
  const tidy = (name: string): string[] => all(name).map((line) => line.trim());
  return {
    one: (name) => all(name)[0],
    all,
    status: parseStatus(all('status')),
    // Two lines of heading, then `name: counters`.
    interfaces: tidy('interface')
      .slice(2)
      .map((line) => line.slice(0, line.indexOf(':'))),
    // One line of heading; every version 6 line ends in its interface, and a table may have none.
    routes: [
      ...tidy('route').slice(1),
      ...tidy('route6').filter((line) => line !== '' && !/\slo$/.test(line)),
    ],
    mounts: all('mount').map(parseMount),
    complaints,
  };
}

/** `Key:<TAB>value` lines of a process's status. */
export function parseStatus(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** `id parent device root point options [fields] - type source super-options` of a mountinfo line. */
function parseMount(line: string): Mount {
  const [left = '', right = ''] = line.split(' - ');
  const [, , , , point = '', options = ''] = left.split(' ');
  const [type = '', , superOptions = ''] = right.split(' ');
  const [, size, kilo] = /(?:^|,)size=(\d+)(k?)(?:,|$)/.exec(superOptions) ?? [];
  return {
    point,
    options: options.split(','),
    type,
    size: size === undefined ? undefined : Number(size) * (kilo === 'k' ? 1024 : 1),
  };
}
