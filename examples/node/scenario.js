// scenario.js - every operation of index.js, and the ways in which they fail.
'use strict';

const { Client, MachineIDError, version } = require('./index.js');

const device = 'worker:prod:queue-consumer:07';

// The result of a call: the name of its status, and its reply.
async function replied(call) {
  try {
    return { statusName: 'MID_OK', reply: await call };
  } catch (error) {
    if (!(error instanceof MachineIDError)) throw error;
    return error;
  }
}

// The result for a device, allowed or not. It is true in a condition, so it is only for printing.
function outcome(client, id) {
  const told = ({ statusName, code, requestId }) => ({ isAllow: true, statusName, code, requestId });
  return client.whenAllowed(id, told).catch((error) => {
    if (!(error instanceof MachineIDError)) throw error;
    return error;
  });
}

const digit = (outcome) => Number(outcome.isAllow === true);

// Work that returns the decision must be refused: a promise of it would be true in a condition.
async function handedOut(client) {
  for (const work of [(decision) => decision, async (decision) => decision]) {
    try {
      await client.whenAllowed(device, work);
    } catch (error) {
      if (error instanceof TypeError) continue;
      throw error;
    }
    throw new Error('whenAllowed gives the decision');
  }
}

// Gives a key that cannot be sent; the error must not show it.
function secret() {
  const shown = ['org_marker\0', 'org_marker\ud800', ['org_marker'], { org_marker: 1 }].map((key) => {
    try {
      new Client(key);
      return 'accepted: marker';
    } catch (error) {
      return error.stack.split('\n')[0];
    }
  }).filter((said) => said.includes('marker'));
  console.log(`secret: ${shown.join(', ') || 'refused, and not shown'}`);
}

// Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
// let it work.
async function neverRegistered(client) {
  const done = [];
  const mistakes = [
    () => { if (client.isAllowedSync('never')) done.push('if isAllowedSync'); },
    () => { if (!client.isAllowedSync('never')) return; done.push('not'); },
    () => { if (client.whenAllowed('never')) done.push('if whenAllowed without await'); },
    async () => { if (await client.whenAllowed('never')) done.push('if whenAllowed'); },
    () => { client.whenAllowed('never') && done.push('and'); },
    () => { if (client.validate) done.push('if validate without a call'); },
    () => { if (client.validate('never')) done.push('if validate without await'); },
    async () => { if (await client.validate('never')) done.push('if validate'); },
    () => client.whenAllowed('never', () => done.push('whenAllowed')),
  ];
  for (const mistake of mistakes) {
    try {
      await mistake();
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof MachineIDError)) throw error;
    }
  }
  console.log(`never registered: ${done.join(', ') || 'nothing done'}`);
  const { statusName, code, requestId } = await outcome(client, 'never');
  console.log(`never registered: ${statusName} ${code} request_id=${requestId?.length} characters`);
}

// A bad argument must raise the language's argument error, which names the parameter.
async function refused(step, client, id) {
  const calls = [() => client.isAllowedSync(id), () => client.whenAllowed(id, () => {}), () => client.register(id)];
  const said = new Set();
  for (const call of calls) {
    try {
      await call();
      said.add('asked');
    } catch (error) {
      const isIt = error instanceof TypeError && error.message.includes('deviceId');
      said.add(isIt ? 'an argument error that names it' : String(error));
    }
  }
  console.log(`${step}: ${[...said].join(', ')}`);
}

// Validates four times. Eight of these run at the same time.
async function validateFourTimes(client) {
  let allowed = 0;
  for (let i = 0; i < 4; i++) {
    await client.whenAllowed(device, () => allowed++);
  }
  return allowed;
}

async function main() {
  console.log(`version ${version()}`);
  const client = Client.fromEnv();

  let { statusName, reply } = await replied(client.register(device));
  console.log(`register: ${statusName} status=${reply.status}`);
  ({ statusName, reply } = await replied(client.register(device)));
  console.log(`register again: ${statusName} status=${reply.status}`);

  let decision = await outcome(client, device);
  console.log(`validate: ${decision.statusName} allowed=${digit(decision)} code=${decision.code}`);
  await client.whenAllowed(device, () => console.log('work: one unit done'));
  await handedOut(client);

  const counts = await Promise.all(Array.from({ length: 8 }, () => validateFourTimes(client)));
  console.log(`threads: ${counts.reduce((sum, count) => sum + count)} of 32 allowed`);

  ({ statusName } = await replied(client.revoke(device)));
  console.log(`revoke: ${statusName}`);
  decision = await outcome(client, device);
  console.log(`validate: ${decision.statusName} allowed=${digit(decision)} code=${decision.code} ` +
    `request_id=${decision.requestId?.length} characters`);
  ({ statusName, reply } = await replied(client.register(device)));
  console.log(`register revoked: ${statusName} status=${reply.status}`);
  ({ statusName } = await replied(client.unrevoke(device)));
  console.log(`unrevoke: ${statusName}`);
  decision = await outcome(client, device);
  console.log(`validate: ${decision.statusName} allowed=${digit(decision)} code=${decision.code}`);
  ({ statusName } = await replied(client.restore(device)));
  console.log(`restore: ${statusName}`);

  ({ statusName, reply } = await replied(client.listDevices()));
  console.log(`list: ${statusName} ${reply.devices.length} device`);
  ({ statusName, reply } = await replied(client.usage()));
  console.log(`usage: ${statusName} planTier=${reply.planTier}`);
  decision = await outcome(client, 'wörker:prod:07');
  console.log(`umlaut device: ${decision.statusName} allowed=${digit(decision)}`);
  await neverRegistered(client);
  ({ statusName } = await replied(client.remove(device)));
  console.log(`remove: ${statusName}`);
  const { code, requestId, ...again } = await replied(client.remove(device));
  console.log(`remove again: ${again.statusName} ${code} request_id=${requestId?.length} characters`);

  try {
    Client.fromEnv({ timeout: 1 });
  } catch (error) {
    console.log(`wrong option: ${error.statusName} ${error.code} ${/timeout/.exec(error.message)}`);
  }
  decision = await outcome(client, '');
  console.log(`no device: ${decision.statusName} ${decision.code}`);
  await refused('NUL', client, 'a\0b');
  await refused('surrogate', client, 'w\ud800');
  await refused('null', client, null);
  secret();

  // The reply holds unusual numbers. Its answer counts all the same.
  const odd = new Client('org_runtimes', { base_url: process.env.MACHINEID_ODD_URL });
  decision = await outcome(odd, device);
  console.log(`odd numbers: ${decision.statusName} allowed=${digit(decision)}`);

  // An outage is neither an answer nor a refusal: the next call may bring an answer.
  const out = new Client('org_outage', { base_url: process.env.MACHINEID_OUTAGE_URL, max_retries: 0 });
  decision = await outcome(out, device);
  console.log(`outage: ${decision.statusName} allowed=${digit(decision)} ${decision.code}`);
  decision = await outcome(out, device);
  console.log(`outlived: ${decision.statusName} allowed=${digit(decision)}`);

  const unreachable = new Client('org_runtimes', { base_url: 'http://127.0.0.1:1', max_retries: 0 });
  decision = await outcome(unreachable, device);
  console.log(`unreachable: ${decision.statusName} allowed=${digit(decision)} ${decision.code}`);
  unreachable.cancel();
  decision = await outcome(unreachable, device);
  console.log(`cancelled: ${decision.statusName} allowed=${digit(decision)}`);
}

main();
