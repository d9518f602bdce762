/**
 * The page on which a person says who they are, and the one that says why nobody can. Plain HTML: names and requests are
 * only ever text in it, it runs no script, and it may be framed by nobody.
 */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Person } from '../wire.ts';
import type { Workspace } from '../workspace.ts';
import type { Authorization } from './authorization.ts';
import { type Html, html } from './html.ts';
import { whoCanSignIn } from './people.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f4f1f5, #1b141d); }
main { width: min(26rem, 88vw); margin: 2rem 0; padding: 2rem; border-radius: 12px;
  background: light-dark(#fff, #29202c); box-shadow: 0 4px 24px #0003; }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; overflow-wrap: anywhere; }
p { margin: 0 0 1.25rem; color: light-dark(#5b525e, #b9aebd); overflow-wrap: anywhere; }
form { display: grid; gap: .5rem; }
button { padding: .7rem 1rem; border: 1px solid light-dark(#d8d0da, #4d4152); border-radius: 8px; font: inherit;
  text-align: start; overflow-wrap: anywhere; color: inherit; background: transparent; cursor: pointer; }
button:hover, button:focus-visible { border-color: #611f69; background: #611f6922; }
button small { display: block; color: light-dark(#5b525e, #b9aebd); }
button.cancel { margin-top: .75rem; border-color: transparent; text-align: center; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/**
 * The form posts to the page's own address, query and all. Browsers hold `form-action` against the redirect that
 * follows too, so the page must name where it leads.
 */
export function showSignIn(response: ServerResponse, workspace: Workspace, asked: Authorization): void {
  const people = whoCanSignIn(workspace);
  const page = html`<h1>Sign in to <bdi>${workspace.team.name}</bdi> as …</h1>
<p><bdi>${workspace.app.name}</bdi> will know ${knownOf(asked.scopes)}.</p>
${people.length === 0 ? html`<p>Nobody here can sign in.</p>` : []}
<form method="post">
${people.map(buttonOf)}
<button class="cancel" name="cancel" value="yes">Cancel</button>
</form>`;
  send(response, 200, `Sign in to ${workspace.team.name}`, page, new URL(asked.redirectUri).origin);
}

export function showRefusal(response: ServerResponse, status: number, code: string, words: string): void {
  const page = html`<h1>You can’t sign in here</h1>
<p role="alert">${words}</p>
<p><code>${code}</code></p>`;
  send(response, status, 'Something went wrong', page);
}

function buttonOf(person: Person): Html {
  const guest = person.is_restricted || person.is_ultra_restricted;
  return html`<button name="user" value="${person.id}"><bdi>${person.real_name}</bdi>
<small>@<bdi>${person.name}</bdi>${guest ? ', guest' : ''}</small></button>
`;
}

function knownOf(scopes: ReadonlySet<string>): string {
  const known = [
    'who you are',
    ...(scopes.has('profile') ? ['your name and picture'] : []),
    ...(scopes.has('email') ? ['your e-mail address'] : []),
  ];
  return new Intl.ListFormat('en').format(known);
}

function send(response: ServerResponse, status: number, title: string, body: Html, leadsTo = ''): void {
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${{ markup: style }}</style>
<main>
${body}
</main>
</html>
`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self' ${leadsTo}; base-uri 'none'; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    // Without any referrer a browser would hide the form's origin from us too.
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  response.end(page.markup);
}
