/** Forms over a real connection: small ones are read, and nothing else is waited for. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readForm } from '../../../src/doors/web/form.ts';

const type = 'application/x-www-form-urlencoded';
const server = createServer((request, response) => {
  const form = readForm(request);
  server.emit('form', form);
  void form.then((fields) => {
    response.writeHead(200, { connection: 'close' });
    response.end(fields === undefined ? 'none' : JSON.stringify([...fields]));
  });
});
let port: number;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function post(body: string, contentType: string = type): Promise<string> {
  const headers = { 'content-type': contentType };
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body });
  return response.text();
}

it('reads fields, of whatever characters', async () => {
  expect(await post('path=a+b%0Ac&x=%F0%9F%8E%89')).toBe('[["path","a b\\nc"],["x","🎉"]]');
  expect(await post('path=%ff', `${type}; charset=UTF-8`)).toBe('[["path","\ufffd"]]');
  expect(await post('')).toBe('[]');
});

it('takes nothing that is no form', async () => {
  expect(await post('{"path":"x"}', 'application/json')).toBe('none');
  expect(await post('path=x', 'multipart/form-data; boundary=x')).toBe('none');
  expect(await post('path=x', 'text/plain')).toBe('none');
});

it('takes the longest and no longer one', async () => {
  expect(await post(`path=${'x'.repeat(16 * 1024 - 5)}`)).toContain('xxx');
  expect(await post(`path=${'x'.repeat(16 * 1024 - 4)}`)).toBe('none');
});

it('is done with whoever sends without an end', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`);
  const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
  for (let sent = 0; sent < 10; sent += 1) socket.write(chunk);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('none');
  socket.destroy();
});

it('takes nothing of what was broken off', async () => {
  const begun = once(server, 'form');
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 100\r\n\r\npath=x`);
  const [form] = await begun;
  socket.destroy();
  expect(await form).toBeUndefined();
});
