// client.js package|plain CALLS - calls of the package for Node, or of fetch. languages.py says what it prints.
'use strict';
const { readFileSync } = require('node:fs');
const url = process.env.MACHINEID_BASE_URL;

function ofPackage() {
  const { Client } = require('libmachineid');
  const client = new Client('org_bench', { baseUrl: url });
  return (work) => client.whenAllowed('agent-01', work);
}

function plain() {
  const headers = { 'x-org-key': 'org_bench', 'Content-Type': 'application/json' };
  return async (work) => {
    const body = JSON.stringify({ deviceId: 'agent-01' });
    const reply = await fetch(`${url}/api/v1/devices/validate`, { method: 'POST', headers, body });
    if (!reply.ok || (await reply.json()).allowed !== true) throw new Error('denied');
    work();
  };
}

async function ask(validate, calls) {
  let worked = 0;
  for (let n = 0; n < calls; n++) {
    await validate(() => {
      worked++;
    });
  }
  if (worked !== calls) throw new Error('denied');
}

function resident() {
  gc();
  return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

(async () => {
  const validate = process.argv[2] === 'package' ? ofPackage() : plain();
  const calls = Number(process.argv[3]);
  await ask(validate, calls / 10);
  const before = resident();
  const start = process.hrtime.bigint();
  await ask(validate, (calls / 10) * 9);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log((((calls / 10) * 9) / seconds).toFixed(1), before, resident());
  process.exit();
})();
