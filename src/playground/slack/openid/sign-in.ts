/** What a person does in the browser to sign in, over HTTP: opens the page, finds themselves on it, presses the button. */
import { Impossible } from '../inputs.ts';

/** Gives the address to which the browser is sent. Throws {@link Impossible} where no person could get that far. */
export async function signInAs(origin: string, authorizeUrl: string, personId: string): Promise<string> {
  if (!URL.canParse(authorizeUrl) || new URL(authorizeUrl).origin !== origin)
    throw new Impossible('that address is not of this workspace');
  const page = await fetch(authorizeUrl, { redirect: 'manual' });
  const shown = await page.text();
  if (page.status !== 200) throw new Impossible(refusalIn(shown));
  if (!shown.includes(`<button name="user" value="${personId}">`))
    throw new Impossible(`${personId} is not on the sign-in page`);
  const answer = await fetch(authorizeUrl, {
    method: 'POST',
    body: new URLSearchParams({ user: personId }),
    redirect: 'manual',
  });
  const location = answer.headers.get('location');
  if (answer.status !== 303 || location === null) throw new Impossible(refusalIn(await answer.text()));
  return location;
}

function refusalIn(page: string): string {
  const [, words = 'no sign-in page'] = /<p role="alert">([^<]*)<\/p>/.exec(page) ?? [];
  return words.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
