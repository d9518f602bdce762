/**
 * Messages to people and channels, upserted by tag.
 *
 * - A message of one access and tag exists at most once, whatever crashed in between: posting it again edits it.
 * - Each place fails alone: the outcome names what could not be delivered and whether trying again can help.
 */
import type { AccessId } from '../domain/ids.ts';

/** Where to: a channel id, or a person's direct messages. */
export type Place = { readonly channel: string } | { readonly person: string };

/** A message in Slack's own blocks; `text` is what a notification or a screen reader says. */
export type Message = {
  readonly text: string;
  readonly blocks: readonly Readonly<Record<string, unknown>>[];
};

export type Notice = {
  readonly access: AccessId;
  /** One message per access, tag and place. */
  readonly tag: string;
  readonly to: Place;
  /** The message in whose thread it stands; it must be in the same place. */
  readonly under?: Posted;
  readonly message: Message;
};

/** Where a message stands in Slack: what a click is checked against. */
export type Posted = { readonly channel: string; readonly ts: string };

export type Standing = Posted & { readonly to: Place };

export type Delivery =
  | { readonly delivered: true }
  | { readonly delivered: false; readonly retry: boolean; readonly why: string };

export interface Notices {
  upsert(notice: Notice): Promise<Delivery>;
  /** Where the messages of this access and tag stand. */
  posted(access: AccessId, tag: string): Promise<readonly Standing[]>;
}
