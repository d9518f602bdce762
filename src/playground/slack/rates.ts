/** Slack's "about one message a second per channel, short bursts allowed", as a token bucket per channel. */
export type RateLimit = { readonly perSecond: number; readonly burst: number };

export const slackRate: RateLimit = { perSecond: 1, burst: 4 };

export type Rates = {
  /** Takes one token; returns the whole seconds to wait, or `undefined` where the message may pass. */
  readonly take: (channel: string) => number | undefined;
};

export function createRates(limit: RateLimit | undefined, now: () => number): Rates {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take: (channel) => {
      if (!limit) return undefined;
      const at = now();
      const old = buckets.get(channel) ?? { tokens: limit.burst, at };
      const tokens = Math.min(limit.burst, old.tokens + ((at - old.at) / 1000) * limit.perSecond);
      buckets.set(channel, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      return tokens >= 1 ? undefined : Math.max(1, Math.ceil((1 - tokens) / limit.perSecond));
    },
  };
}
