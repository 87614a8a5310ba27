// Guards: their ends, and what they cost.
'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { execFileSync } = require('node:child_process');
const { setTimeout: sleep } = require('node:timers/promises');
const machineid = require('libmachineid');
const { authority, device, failure, slackMs } = require('./common.js');

const intervalMs = 200;

test.describe('guard', () => {
  const here = authority();

  test.it('ends soon after a revoke, without a busy thread', async () => {
    await here.client.guard(device, async (guard) => {
      assert.equal(guard.allowed, true);
      assert.equal(guard.decision().state, 'on');
      const event = once(guard, 'end');
      const signal = once(guard.signal, 'abort');
      const used = process.cpuUsage();
      await sleep(1000);
      const { user, system } = process.cpuUsage(used);
      // A busy thread would take all of the second.
      assert((user + system) / 1000 < 500, `${(user + system) / 1000} ms of processor time in a second of waiting`);
      const begin = performance.now();
      await here.emulator.revoke(device);
      const known = await guard.stopped();
      const tookMs = performance.now() - begin;
      assert(tookMs <= intervalMs * 1.1 + 1000 + slackMs, `${tookMs} ms`);
      assert.deepEqual([known.state, known.code, known.allowed], ['denied', 'DEVICE_REVOKED', false]);
      assert.equal(known.requestId.length, 36);
      assert.equal((await event)[0].state, 'denied');
      await signal;
      assert.equal(guard.allowed, false);
    }, { intervalMs });
  });

  test.it('lapses in an outage, and is on again after it', async () => {
    await here.client.guard(device, async (guard) => {
      await here.emulator.outage();
      while (guard.allowed) await sleep(5);
      const known = guard.decision();
      assert.deepEqual([known.state, known.failure.code], ['lapsed', 'CLIENT_UNAVAILABLE']);
      assert(known.failure instanceof machineid.NoAnswerError && known.failure.status === 'MID_UNAVAILABLE');
      await here.emulator.recover();
      while (!guard.allowed) await sleep(5);
    }, { intervalMs: 50 });
  });

  test.it('is stopped when its function has ended, however that is', async () => {
    const kept = [];
    assert.equal(await here.client.guard(device, (guard) => kept.push(guard)), 1);
    assert.equal((await failure(() => here.client.guard(device, (guard) => {
      kept.push(guard);
      throw new Error('mine');
    }))).message, 'mine');
    for (const guard of kept) {
      assert.deepEqual([guard.allowed, guard.signal.aborted, guard.decision().state], [false, true, 'ended']);
      assert.equal((await guard.stopped()).state, 'ended');
      guard.stop();
    }
  });

  test.it('works while it is on', async () => {
    let units = 0;
    const known = await here.client.guard(device, (guard) => guard.whileAllowed(async () => {
      if (++units === 3) await here.emulator.revoke(device);
      await sleep(20);
    }), { intervalMs: 50 });
    assert(units >= 3);
    assert.equal(known.state, 'denied');
  });

  test.it('of a denied device is none', async () => {
    const error = await failure(() => here.client.guard('never', assert.fail));
    assert(error instanceof machineid.DeniedError && error.code === 'DEVICE_NOT_REGISTERED');
    const wrong = await failure(() => here.client.guard(device, assert.fail, { intervalMs: 1 }));
    assert(wrong instanceof machineid.InvalidError && wrong.message.includes('interval_ms'));
  });

  test.it('ends with its client, also when that is closed', async () => {
    for (const end of ['cancel', 'close']) {
      const client = here.emulator.client();
      const known = await client.guard(device, (guard) => {
        client[end]();
        return guard.stopped();
      });
      assert.deepEqual([known.allowed, known.state], [false, 'ended']);
    }
  });

  test.it('is not started when its signal is aborted', async () => {
    here.emulator.pause();
    const controller = new AbortController();
    const call = here.client.guard(device, assert.fail, { signal: controller.signal });
    controller.abort();
    assert.equal((await failure(() => call)).name, 'AbortError');
    here.emulator.resume();
    // The library has started it all the same; it is stopped.
    while (here.client.stats().calls.guard_start.duration_ms.count === 0) await sleep(5);
    while (Object.values(here.client.stats().guards).some((count) => count > 0)) await sleep(5);
  });

  test.it('keeps the process alive until it is off, and holds its client', () => {
    const { url, orgKey } = here.emulator;
    const program = `
      const { Client } = require('libmachineid');
      const { Emulator } = require('libmachineid/testing');
      const ask = Emulator.prototype.revoke.bind({ ask: Emulator.prototype.ask, url: '${url}', orgKey: '${orgKey}' });
      function begin() {
        return new Client('${orgKey}', { baseUrl: '${url}' }).guard('${device}', (guard) => {
          setTimeout(() => { gc(); gc(); setTimeout(() => { gc(); ask('${device}'); }, 100); }, 100);
          return new Promise((resolve) => guard.on('end', resolve));
        }, { intervalMs: 50 });
      }
      begin().then(({ state }) => console.log(state));`;
    const said = execFileSync(process.execPath, ['--expose-gc', '-e', program], { cwd: __dirname, encoding: 'utf8' });
    assert.equal(said, 'denied\n');
  });

  test.it('has listeners whose errors are uncaught exceptions', () => {
    const { url, orgKey } = here.emulator;
    const program = `
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const client = new (require('libmachineid').Client)('${orgKey}', { baseUrl: '${url}' });
      client.guard('${device}', async (guard) => {
        guard.on('end', () => { throw new Error('mine'); });
        client.cancel();
        await guard.stopped();
      });`;
    const said = execFileSync(process.execPath, ['-e', program], { cwd: __dirname, encoding: 'utf8' });
    assert.equal(said, 'uncaught mine\n');
  });
});
