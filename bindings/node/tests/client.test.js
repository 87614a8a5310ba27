// The client: decisions, errors, and what cannot be given to it.
'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { Worker } = require('node:worker_threads');
const { once } = require('node:events');
const { inspect } = require('node:util');
const machineid = require('libmachineid');
const { answer, authority, device, failure, told } = require('./common.js');

const { Client } = machineid;

test.describe('client', () => {
  const here = authority();

  test.it('works when the device is allowed, and only then', async () => {
    const shown = async ({ allowed, code, error }) => ({ allowed, code, error });
    const result = await here.client.whenAllowed(device, shown);
    assert.deepEqual(result, { allowed: true, code: 'ALLOW', error: null });
    await here.emulator.revoke(device);
    const error = await failure(() => here.client.whenAllowed(device, () => assert.fail('it worked')));
    assert(error instanceof machineid.DeniedError && error instanceof machineid.MachineIDError);
    assert.deepEqual([error.status, error.code, error.httpStatus], ['MID_OK', 'DEVICE_REVOKED', null]);
    assert.equal(error.requestId.length, 36);
    assert.match(error.message, new RegExp(`^not allowed: DEVICE_REVOKED \\(request id ${error.requestId}\\)$`));
  });

  test.it('has no call whose promise could be mistaken for a decision', async () => {
    for (const call of [() => here.client.validate(device), () => here.client.whenAllowed(device),
      () => here.client.validateMany([device]), () => here.client.guard(device)]) {
      assert.throws(call, TypeError);
    }
    for (const out of [(decision) => decision, async (decision) => decision]) {
      assert((await failure(() => here.client.whenAllowed(device, out))) instanceof TypeError);
      assert((await failure(() => here.client.guard(device, out))) instanceof TypeError);
      const handlers = { allowed: told, otherwise: out };
      assert((await failure(() => here.client.validate('never', handlers))) instanceof TypeError);
      assert((await failure(() => here.client.whenAllAllowed([device], out))) instanceof TypeError);
    }
  });

  test.it('asks about many devices', async () => {
    const ids = Array.from({ length: 1000 }, (_, n) => (n % 100 ? `device-${n}` : device));
    const allowed = await here.client.validateMany(new Set([device, 'never', '']),
      { allowed: told, otherwise: ({ status, code }) => `${status} ${code}` });
    assert.equal(allowed[0].code, 'ALLOW');
    assert.deepEqual(allowed.slice(1),
      ['MID_OK DEVICE_NOT_REGISTERED', 'MID_INVALID_ARGUMENT CLIENT_INVALID_ARGUMENT']);
    const flags = await here.client.validateMany(ids, { allowed: () => 1, otherwise: () => 0 });
    assert.deepEqual(flags, ids.map((id) => Number(id === device)));
    assert.equal(await here.client.whenAllAllowed([device, device], (all) => all.length), 2);
    here.client.cancel();
    const cancelled = await here.client.validateMany([device, device], { allowed: told, otherwise: told });
    assert.deepEqual(cancelled.map(({ status }) => status), ['MID_CANCELLED', 'MID_CANCELLED']);
  });

  test.it('has the operations of an operator', async () => {
    assert.equal((await here.client.register('new')).status, 'ok');
    await here.client.revoke('new');
    assert.equal((await answer(here.client, 'new')).allowed, false);
    await here.client.unrevoke('new');
    await here.client.revoke('new');
    await here.client.restore('new');
    assert.equal((await answer(here.client, 'new')).allowed, true);
    assert.equal((await here.client.listDevices()).devices.length, 2);
    assert.equal((await here.client.usage()).planTier, 'pro');
    await here.client.remove('new');
    const error = await failure(() => here.client.remove('new'));
    assert(error instanceof machineid.RefusedError && error.code === 'device_not_found');
    assert.equal(here.client.stats().calls.register.duration_ms.count, 1);
  });

  test.it('tells an outage, a time-out and no connection from a denial', async () => {
    const once = here.emulator.client({ maxRetries: 0, timeoutMs: 100 });
    await here.emulator.outage(503);
    const outage = await failure(() => once.whenAllowed(device, assert.fail));
    assert(outage instanceof machineid.NoAnswerError);
    assert.deepEqual([outage.status, outage.httpStatus], ['MID_UNAVAILABLE', 503]);
    await here.emulator.recover();
    here.emulator.pause();
    assert.equal((await failure(() => once.whenAllowed(device, assert.fail))).status, 'MID_TIMEOUT');
    await here.emulator.stop();
    assert.equal((await failure(() => once.whenAllowed(device, assert.fail))).status, 'MID_CONNECT_FAILED');
  });

  test.it('ends a call by its signal, and disturbs no other', async () => {
    here.emulator.pause();
    const other = here.client.whenAllowed(device, () => 'worked');
    const controller = new AbortController();
    const call = here.client.whenAllowed(device, () => assert.fail('it worked'), { signal: controller.signal });
    controller.abort(new Error('enough'));
    assert.equal((await failure(() => call)).message, 'enough');
    here.emulator.resume();
    assert.equal(await other, 'worked');
    const late = await failure(() => here.client.register('other', { signal: AbortSignal.abort() }));
    assert.equal(late.name, 'AbortError');
  });

  test.it('is cancelled and closed while calls are in progress', async () => {
    here.emulator.pause();
    const calls = Array.from({ length: 20 }, () => failure(() => here.client.whenAllowed(device, assert.fail)));
    here.client.close();
    for (const error of await Promise.all(calls)) assert(error instanceof machineid.CallCancelledError);
    const closed = await failure(() => here.client.usage());
    assert(closed instanceof TypeError && closed.message === 'the client is closed; make a new one');
    here.client.close();
  });

  test.it('never blocks the event loop, also with more calls than threads', async () => {
    here.emulator.pause();
    const calls = Array.from({ length: 200 }, () => here.client.whenAllowed(device, () => 1));
    for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate);
    // What node uses its own threads for goes on.
    await require('node:fs/promises').stat(__filename);
    here.emulator.resume();
    assert.equal((await Promise.all(calls)).length, 200);
  });

  test.it('works in worker threads, and survives that they are ended', async () => {
    const { url, orgKey } = here.emulator;
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const client = new (require('libmachineid').Client)(workerData.orgKey, { baseUrl: workerData.url });
      const calls = () => client.whenAllowed(workerData.device, calls);
      client.guard(workerData.device, (guard) => { parentPort.postMessage(guard.allowed); return guard.stopped(); });
      for (let n = 0; n < 10; n++) calls();`;
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(program, { eval: true, workerData: { url, orgKey, device } });
      assert.deepEqual(await once(worker, 'message'), [true]);
      await worker.terminate();
    }
    await here.client.whenAllowed(device, () => {});
  });

  test.it('survives that the process exits meanwhile', () => {
    const { url, orgKey } = here.emulator;
    const program = `
      const client = new (require('libmachineid').Client)('${orgKey}', { baseUrl: '${url}' });
      const calls = () => client.whenAllowed('${device}', calls);
      for (let n = 0; n < 10; n++) calls();
      client.guard('${device}', () => process.exit(0));`;
    execFileSync(process.execPath, ['-e', program], { cwd: __dirname });
  });

  test.it('refuses what is no text, and what would be another device', async () => {
    const kinds = [[null, 'null'], [7, 'number'], [undefined, 'undefined'], [['agent'], 'an array'], [{}, 'object']];
    for (const [bad, name] of kinds) {
      for (const call of [() => here.client.register(bad), () => here.client.whenAllowed(bad, told),
        () => here.client.guard(bad, told)]) {
        assert.throws(call, { name: 'TypeError', message: `deviceId must be a string, not ${name}` });
      }
      assert.throws(() => here.client.validateMany(['a', bad], { allowed: told, otherwise: told }),
        { name: 'TypeError', message: `deviceIds[1] must be a string, not ${name}` });
    }
    assert.throws(() => here.client.register('a\0b'), /deviceId must be a string without NUL/);
    assert.throws(() => here.client.register('a\ud800'), /deviceId must be a string without lone surrogates/);
    assert.throws(() => here.client.validateMany('agent', { allowed: told, otherwise: told }), /an array of strings/);
    assert.equal((await answer(here.client, '🙂')).code, 'DEVICE_NOT_REGISTERED');
  });

  test.it('refuses options that it does not know', () => {
    const { emulator, client } = here;
    assert.throws(() => emulator.client({ timeout: 1 }), { name: 'InvalidError', status: 'MID_INVALID_OPTIONS' });
    assert.throws(() => emulator.client({ timeoutMs: 0 }), /timeout_ms/);
    assert.throws(() => emulator.client({ timeoutMs: 1.5 }), /TypeError: timeoutMs must be a string or a whole number/);
    assert.throws(() => emulator.client({ caFile: 'a\0' }), { message: 'caFile must be a string without NUL' });
    assert.throws(() => new Client('org_a', 7), { message: 'options must be an object, not number' });
    assert.throws(() => client.register('a', { timeoutMs: 1 }), { message: /timeoutMs is no option of a call/ });
    assert.throws(() => client.register('a', { signal: 7 }), { message: 'signal must be an AbortSignal, not number' });
  });

  test.it('shows the org key nowhere', async () => {
    for (const key of ['org_marker\0', 'org_marker\n\x7f', ['org_marker'], null]) {
      const error = await failure(() => new Client(key));
      assert.doesNotMatch(error.message + JSON.stringify(error), /marker/);
    }
    const client = new Client('org_marker', { baseUrl: here.emulator.url });
    assert.doesNotMatch(inspect(client, { showHidden: true, depth: 9 }), /marker/);
    const error = await failure(() => client.usage());
    assert(error instanceof machineid.RefusedError);
    assert.doesNotMatch(inspect(error, { showHidden: true, depth: 9 }), /marker/);
  });

  test.it('takes the key from the environment', async () => {
    const before = { ...process.env };
    try {
      process.env.A_KEY = here.emulator.orgKey;
      process.env.MACHINEID_BASE_URL = here.emulator.url;
      assert.equal((await answer(Client.fromEnv({ envVar: 'A_KEY' }), device)).allowed, true);
      delete process.env.MACHINEID_ORG_KEY;
      assert.throws(() => Client.fromEnv(), { name: 'InvalidError', status: 'MID_NO_ORG_KEY' });
    } finally {
      Object.assign(process.env, before);
    }
  });
});

test.it('names the platform that it has no library for, and the remedy', () => {
  const program = `Object.defineProperty(process, 'platform', { value: 'darwin' });
    try { require('libmachineid'); } catch (error) { console.log(error.message); }`;
  const said = execFileSync(process.execPath, ['-e', program], { cwd: __dirname, encoding: 'utf8' });
  assert.match(said, /^libmachineid has no library for darwin on \w+; it has those for Linux on x64 and arm64: .*\n$/);
});

test.it('tells its version and its build, and can be imported by name', async () => {
  assert.match(machineid.version, /^\d+\.\d+\.\d+$/);
  assert.equal(typeof machineid.buildInfo(), 'object');
  const imported = await import('libmachineid');
  assert.deepEqual(Object.keys(machineid).filter((name) => imported[name] !== machineid[name]), []);
});
