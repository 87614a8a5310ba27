// The authority for tests: starts machineid-emulator on a free port.
'use strict';

const { spawn } = require('node:child_process');
const http = require('node:http');
const { createInterface } = require('node:readline');
const { Client } = require('./index.js');

class Emulator {
  static async start({ orgKey = 'org_tests', plan = 'pro' } = {}) {
    const child = spawn(process.env.MACHINEID_EMULATOR || 'machineid-emulator',
      ['--port', '0', '--plan', plan, '--org-key', orgKey, '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const url = await new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`machineid-emulator does not start (${error.message}): install ` +
        'the package machineid-emulator, or set MACHINEID_EMULATOR to the program')));
      child.once('exit', () => reject(new Error('machineid-emulator has ended')));
      createInterface(child.stdout).once('line', (line) => resolve(line.replace('listening on ', '')));
    });
    return Object.assign(new Emulator(), { url, orgKey, child });
  }

  client(options) { return new Client(this.orgKey, { baseUrl: this.url, ...options }); }
  register(deviceId) { return this.ask('/api/v1/devices/register', { deviceId }); }
  revoke(deviceId) { return this.ask('/api/v1/devices/revoke', { deviceId }); }
  unrevoke(deviceId) { return this.ask('/api/v1/devices/unrevoke', { deviceId }); }
  outage(httpStatus = 503) { return this.ask('/emulator/outage', { httpStatus }); }
  recover() { return this.ask('/emulator/outage', {}); }
  pause() { this.child.kill('SIGSTOP'); }
  resume() { this.child.kill('SIGCONT'); }

  ask(path, body) {
    return new Promise((resolve, reject) => {
      const headers = { 'x-org-key': this.orgKey, 'content-type': 'application/json' };
      http.request(this.url + path, { method: 'POST', headers, agent: false }, (reply) => {
        reply.resume().once('end', () => (reply.statusCode === 200 ? resolve()
          : reject(new Error(`the emulator answers ${path} with HTTP ${reply.statusCode}`))));
      }).once('error', reject).end(JSON.stringify(body));
    });
  }

  stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve();
    const ended = new Promise((resolve) => { this.child.once('exit', resolve); });
    this.child.kill('SIGCONT');
    this.child.kill();
    return ended;
  }
}

module.exports = { Emulator };
