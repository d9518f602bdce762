/**
 * What the issuer says of a person: in an id_token, and to whoever asks `openid.connect.userInfo`. Names, order and
 * lifetime are those of Slack's documented examples; that `email` and `profile` each bring their own claims is how Slack
 * describes those scopes. Of the many sizes of pictures one is enough here, and nothing is served at its address.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject, Person } from '../wire.ts';
import type { Workspace } from '../workspace.ts';
import type { Consent } from './codes.ts';

export const idTokenLifeSeconds = 300;

/** What a test wants to be wrong with one id_token; what is left out stays right. */
export const bendSchema = z.strictObject({
  nonce: z.string().optional(),
  teamId: z.string().optional(),
  /** Another person's id, in `sub` too. */
  userId: z.string().optional(),
  /** A client may forgive a little: openid-client does, 30 seconds. */
  expiredBySeconds: z.number().nonnegative().optional(),
  audience: z.string().optional(),
  issuer: z.string().optional(),
  /** Signed with a key that is not the published one, under its id. */
  badSignature: z.boolean().optional(),
});
export type Bend = z.infer<typeof bendSchema>;

export type Occasion = {
  readonly workspace: Workspace;
  readonly issuer: string;
  readonly clientId: string;
  readonly person: Person;
  readonly consent: Consent;
  readonly accessToken: string;
  readonly nowSeconds: number;
  readonly bend: Bend;
};

/**
 * The claims of one id_token. `nonce` is always there, as an empty string where the client sent none: strict clients
 * refuse that, so they must send one.
 */
export function idTokenClaims(occasion: Occasion): JsonObject {
  const { workspace, person, consent, nowSeconds, bend } = occasion;
  const expiry =
    bend.expiredBySeconds === undefined
      ? nowSeconds + idTokenLifeSeconds
      : nowSeconds - Math.ceil(bend.expiredBySeconds);
  const asked = {
    ...person,
    id: bend.userId ?? person.id,
    team_id: bend.teamId ?? person.team_id,
  };
  return {
    iss: bend.issuer ?? occasion.issuer,
    aud: bend.audience ?? occasion.clientId,
    exp: expiry,
    iat: expiry - idTokenLifeSeconds,
    auth_time: Math.floor(consent.at / 1000),
    nonce: bend.nonce ?? consent.nonce,
    at_hash: leftHalfHash(occasion.accessToken),
    ...personClaims(workspace, occasion.issuer, asked, consent.scopes),
  };
}

/** What the granted scopes let the app know. `sub` and the Slack user id are the same. */
export function personClaims(
  { team }: Workspace,
  issuer: string,
  person: Person,
  scopes: ReadonlySet<string>,
): JsonObject {
  const [given = '', ...family] = person.real_name.split(' ');
  return {
    sub: person.id,
    'https://slack.com/user_id': person.id,
    'https://slack.com/team_id': person.team_id,
    ...(scopes.has('email') && person.email !== undefined
      ? { email: person.email, email_verified: true, date_email_verified: 1_622_128_723 }
      : {}),
    ...(scopes.has('profile')
      ? {
          name: person.real_name,
          picture: `${issuer}/avatars/${person.id}_512.png`,
          given_name: given,
          family_name: family.join(' '),
          locale: 'en-US',
          'https://slack.com/team_name': team.name,
          'https://slack.com/team_domain': team.domain,
          'https://slack.com/user_image_512': `${issuer}/avatars/${person.id}_512.png`,
          'https://slack.com/team_image_230': `${issuer}/avatars/${team.id}_230.png`,
          'https://slack.com/team_image_default': true,
        }
      : {}),
  };
}

/** OpenID Connect Core 3.1.3.6, for RS256. */
function leftHalfHash(accessToken: string): string {
  return createHash('sha256').update(accessToken, 'ascii').digest().subarray(0, 16).toString('base64url');
}
