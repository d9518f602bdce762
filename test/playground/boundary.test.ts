/** The demo keeps to what the product asks of an account: its own `doctor` finds nothing wrong with the boundary. */
import { expect, it } from 'vitest';
import { decide, undenied } from '../../src/adapters/aws/boundary.ts';
import { boundaryDocument } from '../../src/playground/demo/workspace.ts';

it('denies the ways around an end, and lets a role read itself', () => {
  expect(undenied(boundaryDocument)).toEqual([]);
  expect(decide(boundaryDocument, 'iam:GetRole', 'arn:aws:iam::1:role/prod-access/acc_x')).toBe('allowed');
});
