/**
 * What page and door tell each other beside the terminal's bytes.
 *
 * To the page: `session` (which, its end, our clock), `size` (columns and rows, of what is shown after it), `watched`
 * (names), `typed` (bytes that the shell took), `over`.
 * From the page: the shapes below; anything else is no page's.
 */
import { z } from 'zod';

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
