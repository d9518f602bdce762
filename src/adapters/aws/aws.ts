/** What every file of this adapter is given, and what a caller hears of its progress. */
import type { AccessId } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { roleArn } from './documents.ts';

export type GrantProgress = {
  readonly access: AccessId;
  readonly act: 'issue' | 'revoke' | 'set-end';
  readonly step: string;
};

export type Aws = AwsClients & {
  /** First 12 hex digits of the SHA-256 of the bot's public key: only roles tagged with it are touched. */
  readonly install: string;
  /** How long IAM may take until all of it agrees; a refusal must be seen again and again for so long. */
  readonly settleMs: number;
  /** How long one call of the port goes on trying. */
  readonly patienceMs: number;
  readonly clock: Clock;
  onProgress(progress: GrantProgress): void;
};

/** The bot as IAM knows it. */
export type Caller = {
  readonly account: string;
  readonly partition: string;
  /** ARN that a trust policy can name: a user, or the role behind an assumed-role session. */
  readonly principal: string;
};

/** One role, named for people and for IAM. */
export type RoleName = { readonly access: AccessId; readonly arn: string };

export function nameRole(caller: Caller, access: AccessId): RoleName {
  return { access, arn: roleArn(caller.account, access, caller.partition) };
}
