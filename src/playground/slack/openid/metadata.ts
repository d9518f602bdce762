/**
 * What the issuer says of itself at `/.well-known/openid-configuration`: the values that slack.com serves, word for
 * word but for the origin. Three of them bite: PKCE is not announced, though authorisation requests may carry it; the
 * documentation's example says `form_post` where the served document says `query`; and nothing but RS256 is signed with.
 */
import type { JsonObject } from '../wire.ts';

export const paths = {
  metadata: '/.well-known/openid-configuration',
  authorize: '/openid/connect/authorize',
  keys: '/openid/connect/keys',
} as const;

/** `issuer` is an origin: no slash at the end. */
export function metadataOf(issuer: string): JsonObject {
  return {
    issuer,
    authorization_endpoint: `${issuer}${paths.authorize}`,
    token_endpoint: `${issuer}/api/openid.connect.token`,
    userinfo_endpoint: `${issuer}/api/openid.connect.userInfo`,
    jwks_uri: `${issuer}${paths.keys}`,
    scopes_supported: ['openid', 'profile', 'email'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: ['sub', 'auth_time', 'iss'],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: true,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
  };
}
