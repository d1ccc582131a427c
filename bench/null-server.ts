/**
 * A server that does nothing but frame: it answers every request with the same empty result. What the load client
 * reaches against it is the client's own limit.
 */
import { createServer } from 'node:net';

/** Length, status 0, sync, schema version and an empty DATA, laid out as Tarantool does. */
const RESPONSE = Buffer.from('ce0000001e8300ce0000000001cf000000000000000105ce000000508130dd00000000', 'hex');
const BATCH = 4096;
const LENGTH_BYTES = 5;

const responses = Buffer.concat(Array.from({ length: BATCH }, () => RESPONSE));
const greeting = Buffer.from(`${'Tarantool 2.6.0 (Binary) null'.padEnd(63)}\n${'A'.repeat(44).padEnd(63)}\n`);

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let position = 0;
    let count = 0;
    while (bytes.length - position >= LENGTH_BYTES) {
      const next = position + LENGTH_BYTES + bytes.readUInt32BE(position + 1);
      if (next > bytes.length) break;
      position = next;
      count += 1;
    }
    rest = bytes.subarray(position);
    for (; count > 0; count -= BATCH) socket.write(responses.subarray(0, Math.min(count, BATCH) * RESPONSE.length));
  });
  socket.write(greeting);
});
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]) }, () => {
  console.log('ready');
});
