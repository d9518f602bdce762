/** The frame of every page. */
import type { Person } from '../../../domain/people.ts';
import { type Html, html } from '../html.ts';

export type Frame = {
  readonly title: string;
  readonly person?: Person;
  readonly body: Html;
  /** Names of assets. */
  readonly scripts?: readonly string[];
  /** A script that is no module, and comes first. */
  readonly library?: string;
  readonly styles?: readonly string[];
  readonly wide?: boolean;
};

export function layout({
  title,
  person,
  body,
  scripts = [],
  library,
  styles = [],
  wide = false,
}: Frame): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · prod-access</title>
<link rel="icon" href="/assets/icon.svg">
${['pages.css', ...styles].map((name) => html`<link rel="stylesheet" href="/assets/${name}">`)}
${library === undefined ? undefined : html`<script defer src="/assets/${library}"></script>`}
${['page.js', ...scripts].map((name) => html`<script type="module" src="/assets/${name}"></script>`)}
</head>
<body class="${wide ? 'wide' : 'page'}">
<header><a href="/">prod-access</a>${person === undefined ? undefined : html`<form method="post" action="/sign-out"><span>${person.name}</span> <button class="strong">Sign out</button></form>`}</header>
<main>
${body}
</main>
</body>
</html>
`;
}

/** Where a page leads on to. */
export type Lead = { readonly to: string; readonly says: string };

/** A page that says one thing, and what to do about it. */
export function notice(title: string, text: string, lead?: Lead, person?: Person): Html {
  const body = html`<h1>${title}</h1>
<p>${text}</p>
${lead === undefined ? undefined : html`<p><a class="button" href="${lead.to}">${lead.says}</a></p>`}`;
  return layout({ title, body, ...(person === undefined ? {} : { person }) });
}
