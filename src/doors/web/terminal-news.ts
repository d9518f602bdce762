/**
 * What page and door tell each other beside the terminal's bytes.
 *
 * To the page: `session` (which, its end, our clock, what became of another that was
 * looked for), `size` (columns and rows, of what is shown after it), `watched`
 * (names), `typed` (bytes that the shell took), `blocked` (a line on what was tried in vain), and last of all `over`.
 * From the page: the shapes below; anything else is no page's.
 */
import { z } from 'zod';

/** `again`: whether the access goes on. `refused`: there was no session to end, and `why` is a sentence. */
export type EndNews = {
  readonly type: 'over';
  readonly why: string;
  readonly again: boolean;
  readonly refused?: boolean;
};

const dimension = z.int().min(1).max(1_000);
export const sizeSchema = z.object({ cols: dimension, rows: dimension });

const fromPage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resize'), ...sizeSchema.shape }),
  /** Bytes that the screen has taken. */
  z.strictObject({
    type: z.literal('taken'),
    bytes: z
      .int()
      .min(0)
      .max(1 << 30),
  }),
]);
export type FromPage = z.infer<typeof fromPage>;

export function parseNews(text: string): FromPage | undefined {
  try {
    return fromPage.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
