// What the tests share.
'use strict';

const { beforeEach, afterEach } = require('node:test');
const { Emulator } = require('libmachineid/testing');

const device = 'worker:prod:queue-consumer:07';

// A new emulator for each test, with one device, and a client.
function authority() {
  const here = {};
  beforeEach(async () => {
    here.emulator = await Emulator.start();
    await here.emulator.register(device);
    here.client = here.emulator.client();
  });
  afterEach(() => {
    here.client.close();
    return here.emulator.stop();
  });
  return here;
}

// The error of a call, whether it is thrown or the promise is rejected.
async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error(`it did not fail: ${call}`);
}

const told = ({ allowed, status, code, requestId, error }) => ({ allowed, status, code, requestId, error });
const answer = (client, deviceId) => client.validate(deviceId, { allowed: told, otherwise: told });

// How late something may be beyond its bound, for slow machines.
const slackMs = Number(process.env.CHECK_SLACK_MS ?? '1000');

module.exports = { answer, authority, device, failure, slackMs, told };
