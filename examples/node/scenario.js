// scenario.js - every operation of index.js, and the ways in which they fail.
'use strict';

const { Client, MachineIDError, version } = require('./index.js');

const device = 'worker:prod:queue-consumer:07';

// What a call came to: the name of its status, and its reply.
async function outcome(call) {
  try {
    return { statusName: 'MID_OK', reply: await call };
  } catch (error) {
    if (!(error instanceof MachineIDError)) throw error;
    return error;
  }
}

// One of eight that run at the same time.
async function validateFourTimes(client) {
  let allowed = 0;
  for (let i = 0; i < 4; i++) {
    if ((await client.validate(device)).allowed) allowed++;
  }
  return allowed;
}

async function main() {
  console.log(`version ${version()}`);
  const client = Client.fromEnv();

  let { statusName, reply } = await outcome(client.register(device));
  console.log(`register: ${statusName} status=${reply.status}`);
  ({ statusName, reply } = await outcome(client.register(device)));
  console.log(`register again: ${statusName} status=${reply.status}`);

  let decision = await client.validate(device);
  console.log(`validate: ${decision.statusName} allowed=${Number(decision.allowed)} code=${decision.code}`);
  if (decision.allowed) console.log('work: one unit done');

  const counts = await Promise.all(Array.from({ length: 8 }, () => validateFourTimes(client)));
  console.log(`threads: ${counts.reduce((sum, count) => sum + count)} of 32 allowed`);

  ({ statusName } = await outcome(client.revoke(device)));
  console.log(`revoke: ${statusName}`);
  decision = await client.validate(device);
  console.log(`validate: ${decision.statusName} allowed=${Number(decision.allowed)} code=${decision.code} ` +
    `request_id=${decision.requestId?.length} characters`);
  ({ statusName, reply } = await outcome(client.register(device)));
  console.log(`register revoked: ${statusName} status=${reply.status}`);
  ({ statusName } = await outcome(client.unrevoke(device)));
  console.log(`unrevoke: ${statusName}`);
  decision = await client.validate(device);
  console.log(`validate: ${decision.statusName} allowed=${Number(decision.allowed)} code=${decision.code}`);
  ({ statusName } = await outcome(client.restore(device)));
  console.log(`restore: ${statusName}`);

  ({ statusName, reply } = await outcome(client.listDevices()));
  console.log(`list: ${statusName} ${reply.devices.length} device`);
  ({ statusName, reply } = await outcome(client.usage()));
  console.log(`usage: ${statusName} planTier=${reply.planTier}`);
  decision = await client.validate('wörker:prod:07');
  console.log(`umlaut device: ${decision.statusName} allowed=${Number(decision.allowed)}`);
  ({ statusName } = await outcome(client.remove(device)));
  console.log(`remove: ${statusName}`);
  ({ statusName } = await outcome(client.remove(device)));
  console.log(`remove again: ${statusName}`);

  try {
    Client.fromEnv({ timeout: 1 });
  } catch (error) {
    console.log(`wrong option: ${error.statusName} ${error.code}`);
  }
  decision = await client.validate('');
  console.log(`no device: ${decision.statusName} ${decision.code}`);

  const unreachable = new Client('org_runtimes', { base_url: 'http://127.0.0.1:1', max_retries: 0 });
  decision = await unreachable.validate(device);
  console.log(`unreachable: ${decision.statusName} allowed=${Number(decision.allowed)} ${decision.code}`);
  unreachable.cancel();
  decision = await unreachable.validate(device);
  console.log(`cancelled: ${decision.statusName} allowed=${Number(decision.allowed)}`);
}

main();
