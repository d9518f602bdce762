/** Logs as JSON lines. What could be a secret is cut out here, whoever logs it. */
import { type Logger, pino } from 'pino';

const secretKeys = [
  'token',
  'botToken',
  'appToken',
  'signingSecret',
  'clientSecret',
  'authorization',
  'password',
  'secretAccessKey',
  'sessionToken',
  'SecretAccessKey',
  'SessionToken',
  'private_metadata',
];

export function makeLog(level: string): Logger {
  const paths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `err.cause.*.${key}`]);
  return pino({
    level,
    base: { name: 'prod-access' },
    redact: { paths, censor: '[secret]' },
    serializers: { err: describe },
  });
}

/** Errors by name, code, message and cause: a client library's error can hold the whole request, token included. */
function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? { code: String(error.code) } : {};
  const cause = error.cause === undefined || depth > 2 ? {} : { cause: describe(error.cause, depth + 1) };
  return {
    type: error.name,
    message: error.message,
    ...code,
    ...cause,
    ...(depth === 0 ? { stack: error.stack } : {}),
  };
}
