/** The baseline of the ack bench: a Bolt app that only acks. Prints its port. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver } from '@slack/bolt';

const receiver = new HTTPReceiver({ signingSecret: process.argv[2] ?? '', endpoints: '/slack/events' });
const app = new App({
  receiver,
  tokenVerificationEnabled: false,
  authorize: async () => ({ botToken: 'xoxb-none' }),
  deferInitialization: true,
});
app.command(/.*/, async ({ ack }) => {
  await ack({ response_type: 'ephemeral', text: 'taken' });
});
await app.init();
const server = createServer(receiver.requestListener);
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.once('SIGTERM', () => process.exit(0));
