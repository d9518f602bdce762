/** The Web API client and what its failures mean. */
import { ErrorCode, type WebAPICallError, WebClient } from '@slack/web-api';
import { NoticeFault } from '../../ports/trail-channel.ts';

export type SlackClientOptions = { readonly token: string; readonly apiUrl: string };

export function slackClient({ token, apiUrl }: SlackClientOptions): WebClient {
  return new WebClient(token, {
    slackApiUrl: apiUrl,
    timeout: 10_000,
    // Where only the answer was lost, a second try posts a second message; the library's own policy would also hold a
    // call for half an hour. Whoever calls tries again, and looks first at what was done.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    maxRequestConcurrency: 10,
    logger: silent,
  });
}

/** Slack's own error name, such as `channel_not_found`, or undefined where Slack did not answer. */
export function slackError(error: unknown): string | undefined {
  const { code, data } = error as WebAPICallError & { data?: { error?: string } };
  return code === ErrorCode.PlatformError ? data?.error : undefined;
}

/** Milliseconds that Slack asks us to wait, where it did. */
export function retryAfterMs(error: unknown): number | undefined {
  const { code, retryAfter } = error as { code?: string; retryAfter?: number };
  return code === ErrorCode.RateLimitedError ? (retryAfter ?? 1) * 1_000 : undefined;
}

const passing = new Set([
  'internal_error',
  'service_unavailable',
  'fatal_error',
  'request_timeout',
  'ratelimited',
  'team_added_to_org',
]);

/** Turns what a call threw into a fault that says whether trying again can help. */
export function faultFrom(method: string, error: unknown): NoticeFault {
  if (error instanceof NoticeFault) return error;
  const name = slackError(error);
  if (name === undefined || passing.has(name)) {
    return new NoticeFault(
      'unavailable',
      `Slack did not do ${method}${name === undefined ? '' : ` (${name})`}`,
      error,
    );
  }
  return new NoticeFault('refused', `Slack refused ${method}: ${name}`, error);
}

const nothing = (): void => {};
const silent = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => 'error' as never,
  setName: nothing,
};
