/** The policies of docs/aws-setup.md, cut out of the page itself, so that the page is what is tested. */
import { readFileSync } from 'node:fs';

type Document = { readonly Version: string; readonly Statement: readonly Record<string, unknown>[] };

const page = readFileSync(new URL('../../../docs/aws-setup.md', import.meta.url), 'utf8');

export function boundaryDocument(account: string): Document {
  return documentAfter('prod-access-boundary.json', account);
}

export function botDocument(account: string): Document {
  return documentAfter('prod-access-bot.json', account);
}

function documentAfter(title: string, account: string): Document {
  const fenced = new RegExp(`\\*\\*\`${title}\`\\*\\*\\s+\`\`\`json\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (fenced === undefined) throw new Error(`no ${title} in docs/aws-setup.md`);
  const document: Document = JSON.parse(fenced.replaceAll('123456789012', account));
  return document;
}
