// The common scenario: every operation, and the ways in which they fail. bindings/scenario.txt has what it prints.
'use strict';

const { once } = require('node:events');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { setTimeout: sleep } = require('node:timers/promises');
const { execFileSync } = require('node:child_process');
const { inspect } = require('node:util');
const { Client, MachineIDError, version } = require('libmachineid');

const device = 'worker:prod:queue-consumer:07';
const { MACHINEID_BASE_URL, MACHINEID_ODD_URL, MACHINEID_SILENT_URL, CHECK_SLACK_MS = '0' } = process.env;
const say = (...words) => console.log(words.join(' '));
const digit = (allowed) => (allowed ? 1 : 0);
const id = (told) => `request_id=${told.requestId?.length} characters`;
const none = (done) => done.join(', ') || 'nothing done';
const ask = (path, body = '{}') => execFileSync('ask', [path, body]);

// What a decision tells, in an object of its own: none is handed out.
const told = ({ allowed, status, code, requestId, error }) => ({ allowed, status, code, requestId, error });
const answer = (client, deviceId) => client.validate(deviceId, { allowed: told, otherwise: told });

// The error of a call.
async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error(`it did not fail: ${call}`);
}

// In each of these conditions no work is done for a device that was never registered: not one of them is reached.
async function done(mistakes) {
  const did = [];
  for (const mistake of mistakes) {
    const error = await failure(() => mistake((what) => did.push(what)));
    if (!(error instanceof TypeError || error instanceof MachineIDError)) throw error;
  }
  return none(did);
}

async function validateFourTimes(client) {
  let allowed = 0;
  for (let n = 0; n < 4; n++) await client.whenAllowed(device, () => allowed++);
  return allowed;
}

async function devices(client) {
  say(`register: MID_OK status=${(await client.register(device)).status}`);
  say(`register again: MID_OK status=${(await client.register(device)).status}`);
  await tell(client);
  await client.whenAllowed(device, () => say('work: one unit done'));
  const workers = Array.from({ length: 8 }, () => new Worker(__filename));
  const counts = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  say(`threads: ${counts.reduce((sum, count) => sum + count)} of 32 allowed`);

  await client.revoke(device);
  say('revoke: MID_OK');
  await tell(client);
  say(`register revoked: MID_OK status=${(await client.register(device)).status}`);
  await client.unrevoke(device);
  say('unrevoke: MID_OK');
  await tell(client);
  await client.restore(device);
  say('restore: MID_OK');
  say(`list: MID_OK ${(await client.listDevices()).devices.length} device`);
  say(`usage: MID_OK planTier=${(await client.usage()).planTier}`);
  const umlaut = await answer(client, 'wörker:prod:07');
  say(`umlaut device: ${umlaut.status} allowed=${digit(umlaut.allowed)}`);
  say('never registered:', await done([
    (did) => { if (client.validate('never')) did('if without await'); },
    async (did) => { if (await client.validate('never')) did('if'); },
    (did) => { if (!client.validate('never')) return; did('not'); },
    (did) => client.validate('never') && did('and'),
    (did) => ['never'].filter((deviceId) => client.validate(deviceId)).forEach(() => did('filter')),
    (did) => { if (client.whenAllowed('never')) did('if whenAllowed without await'); },
    (did) => client.whenAllowed('never', () => did('whenAllowed')),
    (did) => client.whenAllowed('never', () => true).then(() => did('then')),
    async (did) => { if (await client.validate('never', { allowed: told, otherwise: (all) => all })) did('out'); },
  ]));
  const denied = await failure(() => client.whenAllowed('never', () => {}));
  say(`never registered: ${denied.status} ${denied.code} ${id(denied)}`);
}

async function many(client) {
  const results = await client.validateMany([device, 'never', '', device], { allowed: told, otherwise: told });
  say('many:', ...results.map((result) => digit(result.allowed)));
  say('many:', ...results.map((result) => result.code));
  say(`many: none asked, ${(await client.validateMany([], { allowed: told, otherwise: told })).length} decisions`);
  say('many, one never registered:', await done([
    (did) => { if (client.validateMany([device, 'never'])) did('if'); },
    (did) => client.whenAllAllowed([device, 'never'], () => did('whenAllAllowed')),
    (did) => client.whenAllAllowed([], () => did('none')),
    async (did) => { if (await client.whenAllAllowed([device], (decisions) => decisions)) did('out'); },
  ]));
}

async function guards(client) {
  const intervalMs = 200;
  await client.guard(device, async (guard) => {
    say('guard:', guard.allowed ? 'on' : 'off');
    ask('/emulator/outage', '{"httpStatus":503}');
    while (guard.allowed) await sleep(5);
    const lapse = guard.decision();
    say(`guard: ${lapse.state} in an outage, ${lapse.failure?.code}`);
    ask('/emulator/outage');
    const end = Date.now() + 30000;
    while (!guard.allowed && Date.now() < end) await sleep(5);
    say('guard:', guard.allowed ? 'on' : 'off', 'again after it');

    const begin = performance.now();
    const event = once(guard, 'end');
    await client.revoke(device);
    const known = await guard.stopped();
    const tookMs = performance.now() - begin;
    const inTime = tookMs <= intervalMs * 1.1 + 1000 + Number(CHECK_SLACK_MS);
    const when = inTime ? 'within its interval' : `after ${tookMs} ms`;
    say(`guard: ${known.state} ${when}, ${known.code} ${id(known)}`);
    if ((await event)[0].state !== 'denied') throw new Error('the event tells something else');
    if (!guard.signal.aborted) throw new Error('the signal is not aborted');
    await client.unrevoke(device);
    await client.whenAllowed(device, () => {});
    say(`guard: still ${guard.decision().state} after unrevoke`);
  }, { intervalMs });
  const stopped = {};
  await client.guard(device, (guard) => { stopped.guard = guard; });
  say('guard, stopped:', stopped.guard.allowed ? 'on' : 'off');
  say('guard, never registered:', await done([
    (did) => { if (client.guard('never')) did('if without await'); },
    async (did) => { if (await client.guard('never')) did('if'); },
    (did) => client.guard('never', () => did('guard')),
    async (did) => { if (await client.guard(device, (guard) => guard)) did('out'); },
  ]));
}

async function refused(client) {
  const again = await failure(() => client.remove(device));
  say(`remove again: ${again.status} ${again.code} ${id(again)}`);
  const wrong = await failure(() => Client.fromEnv({ timeoutMs: 0 }));
  say(`wrong option: ${wrong.status} ${wrong.code} ${/timeout_ms/.exec(wrong.message)}`);
  const empty = await answer(client, '');
  say('no device:', empty.status, empty.code);
  for (const [step, bad] of [['NUL', 'a\0b'], ['surrogate', 'w\ud800'], ['null', null], ['number', 7]]) {
    const calls = [() => client.whenAllowed(bad, told), () => client.register(bad), () => client.guard(bad, told)];
    const said = await Promise.all(calls.map(failure));
    const isIt = said.every((error) => error instanceof TypeError && error.message.includes('deviceId'));
    say(`${step}:`, isIt ? 'an argument error that names it' : said.join(', '));
  }
  const shown = [];
  for (const key of ['org_marker\0', 'org_marker\ud800', 'org_marker\n\x7f', ['org_marker'], { marker: 1 }]) {
    const error = await failure(() => new Client(key));
    shown.push(error.message, JSON.stringify(error));
  }
  shown.push(inspect(new Client('org_marker'), { showHidden: true, depth: 9 }));
  const isShown = shown.some((text) => text.includes('marker'));
  say('secret:', isShown ? shown.join(', ') : 'refused, and not shown');
  client.close();
  const closed = await failure(() => client.whenAllowed(device, () => {}));
  const isSaid = closed instanceof TypeError && closed.message.includes('closed');
  say('closed:', isSaid ? 'an argument error that says so' : closed);
}

async function failures() {
  const tellFailure = (step, { status, allowed, code }) => say(`${step}: ${status} allowed=${digit(allowed)} ${code}`);
  // The reply holds unusual numbers. Its answer counts all the same.
  const odd = await answer(new Client('org_bindings', { baseUrl: MACHINEID_ODD_URL }), device);
  say(`odd numbers: ${odd.status} allowed=${digit(odd.allowed)}`);
  // An outage is neither an answer nor a refusal: the next call may bring an answer.
  const out = new Client('org_outage', { baseUrl: MACHINEID_BASE_URL, maxRetries: 0 });
  tellFailure('outage', await answer(out, device));
  const outlived = await answer(out, device);
  say(`outlived: ${outlived.status} allowed=${digit(outlived.allowed)}`);
  const unreachable = new Client('org_bindings', { baseUrl: 'http://127.0.0.1:1', maxRetries: 0 });
  tellFailure('unreachable', await answer(unreachable, device));
  const slow = new Client('org_bindings', { baseUrl: MACHINEID_SILENT_URL, timeoutMs: 50 });
  tellFailure('timeout', await answer(slow, device));
}

async function cancels() {
  const client = Client.fromEnv();
  await client.register(device);
  await client.guard(device, async (guard) => {
    const waiting = new Client('org_bindings', { baseUrl: MACHINEID_SILENT_URL, timeoutMs: 60000 });
    const call = answer(waiting, device);
    await sleep(200); // so that it is most probably in flight; a call to come would be cancelled too
    waiting.cancel();
    const flying = await call;
    say(`cancel: a call in flight ${flying.status} allowed=${digit(flying.allowed)}`);
    client.cancel();
    const later = await answer(client, device);
    say(`cancel: a call to come ${later.status} allowed=${digit(later.allowed)}`);
    say(`cancel: a guard has ${(await guard.stopped()).state}`);
  });
}

async function tell(client) {
  const decision = await answer(client, device);
  const line = `validate: ${decision.status} allowed=${digit(decision.allowed)} code=${decision.code}`;
  say(decision.allowed ? line : `${line} ${id(decision)}`);
}

async function main() {
  say('version', version);
  const client = Client.fromEnv();
  await devices(client);
  await many(client);
  await guards(client);
  await client.remove(device);
  say('remove: MID_OK');
  await refused(client);
  await failures();
  await cancels();
}

if (isMainThread) main();
else validateFourTimes(Client.fromEnv()).then((allowed) => parentPort.postMessage(allowed));
