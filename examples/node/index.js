// index.js - the client of the MachineID authority. Needs machineid.node, which machineid.c is compiled to.
//
// Operations return promises and never block the event loop. Any number of them may be under way on one client.
// process.exit() waits for those that are; cancel() ends them first.
'use strict';

const native = require('./machineid.node');

const OK = 0;

// The authority refused, or it could not be asked.
class MachineIDError extends Error {
  constructor({ status, json }) {
    const reply = parse(json);
    const statusName = native.statusName(status);
    super(`${statusName} ${codeOf(reply)}: ${reply.message ?? ''}`);
    this.name = 'MachineIDError';
    this.status = status;
    this.statusName = statusName;
    this.code = codeOf(reply);
    this.reply = reply;
  }
}

// The outcome of validate(). Gate on `allowed` and nothing else; log statusName, code and requestId. With any status but
// 0 the authority decided nothing, and nothing is allowed.
class Decision {
  constructor({ status, allowed, json }) {
    this.allowed = allowed;
    this.status = status;
    this.statusName = native.statusName(status);
    this.reply = parse(json);
    this.code = codeOf(this.reply);
    this.requestId = this.reply.request_id ?? null;
  }
}

const fromEnvironment = Symbol('the org key is in the environment');

// A connection to the authority on behalf of one organisation. It is freed when it is collected.
class Client {
  #handle;

  // options: an object of those that machineid.h lists, such as {timeout_ms: 2000}.
  constructor(orgKey, options) {
    const key = orgKey === fromEnvironment ? null : checked(orgKey, 'orgKey');
    const answer = native.open(key, options === undefined ? null : JSON.stringify(options));
    if (answer.status !== OK) throw new MachineIDError(answer);
    this.#handle = answer.client;
  }

  // Takes the org key from the environment variable MACHINEID_ORG_KEY.
  static fromEnv(options) {
    return new Client(fromEnvironment, options);
  }

  // Ends every call on this client, now and to come, with MID_CANCELLED.
  cancel() {
    native.cancel(this.#handle);
  }

  // May this device run now?
  async validate(deviceId) {
    return new Decision(await native.validate(this.#handle, checked(deviceId, 'deviceId')));
  }

  register(deviceId) {
    return this.#onDevice(native.register, deviceId);
  }

  revoke(deviceId) {
    return this.#onDevice(native.revoke, deviceId);
  }

  unrevoke(deviceId) {
    return this.#onDevice(native.unrevoke, deviceId);
  }

  // The same as unrevoke().
  restore(deviceId) {
    return this.#onDevice(native.restore, deviceId);
  }

  remove(deviceId) {
    return this.#onDevice(native.remove, deviceId);
  }

  async listDevices() {
    return replyOf(await native.listDevices(this.#handle));
  }

  async usage() {
    return replyOf(await native.usage(this.#handle));
  }

  async #onDevice(operation, deviceId) {
    return replyOf(await operation(this.#handle, checked(deviceId, 'deviceId')));
  }
}

function replyOf(answer) {
  if (answer.status !== OK) throw new MachineIDError(answer);
  return parse(answer.json);
}

function parse(json) {
  return json === null ? {} : JSON.parse(json);
}

// An API error of the authority's has `error` where a decision has `code`.
function codeOf(reply) {
  return reply.code ?? reply.error ?? '';
}

// A NUL would cut the text short, and the question would be about another device.
function checked(text, name) {
  if (typeof text !== 'string' || text.includes('\0')) throw new TypeError(`${name} must be a string without NUL`);
  return text;
}

module.exports = { Client, Decision, MachineIDError, version: native.version };
