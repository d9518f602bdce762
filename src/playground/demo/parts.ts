/** The running parts of a demo, as the page's endpoints and the three stories look at them. */
import type { AwsLookalike } from '../aws/aws-lookalike.ts';
import type { SlackLookalike } from '../slack/contract.ts';
import type { KeptBot } from './bot.ts';
import type { House } from './house.ts';
import type { PrivateRedis } from './private-redis.ts';
import type { DemoSandboxes } from './sandboxes.ts';
import type { Teller } from './story.ts';

export type Parts = {
  readonly slack: SlackLookalike;
  readonly aws: AwsLookalike;
  readonly redis: PrivateRedis;
  readonly sandboxes: DemoSandboxes;
  readonly bot: KeptBot;
  readonly house: House;
  readonly teller: Teller;
};
