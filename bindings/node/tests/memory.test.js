// Ten thousand calls in a process without other tests, so that its memory is theirs.
'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { authority, device, failure } = require('./common.js');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

// The memory of the process but for the heap of JavaScript, whose size the engine chooses; and what is used of that.
async function memory() {
  for (let round = 0; round < 3; round++) {
    gc();
    await new Promise(setImmediate);
  }
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return { native: rss - heapTotal, used: heapUsed };
}

test.describe('memory', () => {
  const here = authority();

  test.it('is no more after ten thousand calls than after a thousand', async () => {
    const { client } = here;
    async function call(n) {
      await client.whenAllowed(device, () => {});
      await failure(() => client.whenAllowed('never', assert.fail));
      await failure(() => client.register('a\0b'));
      if (n % 100 === 0) {
        await client.validateMany([device, 'never', device], { allowed: () => 1, otherwise: () => 0 });
        await client.guard(device, (guard) => assert(guard.decision().allowed));
      }
    }
    for (let n = 0; n < 1000; n++) await call(n);
    const before = await memory();
    for (let n = 1000; n < 10000; n++) await call(n);
    const after = await memory();
    const more = Math.round((after.native - before.native) / 1024);
    const used = Math.round((after.used - before.used) / 1024);
    console.log(`${more} KiB more of the process and ${used} KiB of JavaScript after 10,000 calls than after 1,000`);
    assert(more < 6144 && used < 1024, `${more} KiB more of the process, ${used} KiB of JavaScript`);
  });
});
