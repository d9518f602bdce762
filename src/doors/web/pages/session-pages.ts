/** The pages that show a terminal: to work in, to watch, and to replay. What moves on them is done by their scripts. */
import type { Access } from '../../../domain/access.ts';
import { pauseMaxMs } from '../../../domain/cast-pauses.ts';
import { pathBytesMax } from '../../../domain/own-path.ts';
import type { Person } from '../../../domain/people.ts';
import type { Sight } from '../../../flow/viewing.ts';
import { bytes } from '../../../words/bytes.ts';
import { type Html, html } from '../html.ts';
import { doneAct, revokeAct } from './act.ts';
import { layout } from './layout.ts';

export type TerminalPage = { readonly access: Access; readonly person: Person };

/** `session`: one that is open already and wanted in this tab. `downloadMax`: bytes, where files may be downloaded. */
export function terminalPage({
  access,
  person,
  session,
  downloadMax,
}: TerminalPage & {
  readonly session: string | undefined;
  readonly downloadMax: number | undefined;
}): Html {
  const { id, target } = access.request;
  const body = html`<div id="terminal" data-socket="/accesses/${id}/socket" data-access="/accesses/${id}" data-writes="yes" data-session="${session}">
<div class="bar"><h1>${target}</h1> <a href="/accesses/${id}"><code>${id}</code></a> <span id="left"></span> <span id="watched"></span> <span id="state" role="status">connecting…</span> <span id="next"></span>
<input id="search" type="search" aria-label="search in the terminal" title="Ctrl+Shift+F; Enter for the next, Esc to go back" placeholder="search" autocomplete="off"> ${downloadMax === undefined ? undefined : downloadForm(id, downloadMax)} ${doneAct(access.request)}</div>
<div class="upon"><span id="blocked" role="status"></span></div>
<div id="screen"></div>
</div>`;
  return layout({
    title: target,
    person,
    body,
    wide: true,
    scripts: ['terminal.js'],
    styles: ['xterm.css', 'session-pages.css'],
  });
}

/** In a tab of its own, which a download leaves at once: what is refused must not take the place of the terminal. */
function downloadForm(id: string, max: number): Html {
  return html`<form class="download" method="post" action="/accesses/${id}/download" target="_blank" rel="noopener">
<input name="path" aria-label="file to download" placeholder="file, such as report.csv" title="In the home directory or in /tmp; ${bytes(max)} in all. Each download is recorded." maxlength="${pathBytesMax}" required autocomplete="off" spellcheck="false"> <button class="strong">Download</button></form>`;
}

export type LivePage = TerminalPage & { readonly session: string; readonly sight: Sight };

export function livePage({ access, person, session, sight }: LivePage): Html {
  const { id, target, requester } = access.request;
  const body = html`<div id="terminal" data-socket="/accesses/${id}/socket?session=${session}" data-access="/accesses/${id}" data-writes="no">
<div class="bar"><h1>${target}</h1> <a href="/accesses/${id}"><code>${id}</code></a> ${requester.name} works here; they see that you watch. <span id="left"></span> <span id="watched"></span> <span id="state" role="status">connecting…</span> <span id="next"></span>
${sight === 'approver' ? revokeAct(access.request) : undefined}</div>
<div class="upon"><span id="blocked" role="status"></span></div>
<div id="screen"></div>
</div>`;
  return layout({
    title: `${target}, live`,
    person,
    body,
    wide: true,
    scripts: ['terminal.js'],
    styles: ['xterm.css', 'session-pages.css'],
  });
}

export type ReplayPage = TerminalPage & {
  readonly session: string;
  /** Shows the door that this page was asked for by somebody who may see the recording, and put on the record. */
  readonly ticket: string;
  /** `atMs` is the recording's time, `playedMs` the player's. */
  readonly commands: readonly { readonly atMs: number; readonly playedMs: number; readonly text: string }[];
  /** How many commands there were, of which `commands` are the first. */
  readonly ran: number;
};

export function replayPage({ access, person, session, ticket, commands, ran }: ReplayPage): Html {
  const { id, target } = access.request;
  const items = commands.map(
    ({ atMs, playedMs, text }) =>
      html`<li><button data-at="${playedMs}"><span>${clockText(atMs)}</span> <code>${text}</code></button></li>`,
  );
  const here = `/accesses/${id}/sessions/${session}`;
  const body = html`<div class="bar"><h1>${target}</h1> <a href="/accesses/${id}">${id}</a> <code>${session}</code>
<input id="search" type="search" aria-label="search in the text" placeholder="search in the text" autocomplete="off"></div>
<div class="replay"><div id="player" data-cast="${here}/cast?ticket=${ticket}" data-find="${here}/find?ticket=${ticket}" data-pause="${pauseMaxMs / 1_000}"></div>
<aside><section id="hits" hidden><h2>Found</h2><p role="status"></p><ol id="found"></ol></section>
<h2>Commands</h2>
<p>As the shell reported them: a hint for finding one’s way and no evidence, for whoever worked inside controls it. Evidence is what the terminal showed.</p>
<p>Times count from the beginning of the session. The player cuts pauses to ${pauseMaxMs / 1_000} s, so its own clock shows less.</p>
${ran > commands.length ? html`<p>The first ${commands.length} of ${ran}. The search finds the others.</p>` : undefined}
<ol id="commands">${items}</ol></aside></div>`;
  return layout({
    title: `${target}, replay`,
    person,
    body,
    wide: true,
    library: 'player.js',
    scripts: ['replay.js'],
    styles: ['player.css', 'session-pages.css'],
  });
}

function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
