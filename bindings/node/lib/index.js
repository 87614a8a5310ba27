// The client of the MachineID authority. index.d.ts has the types and says what each does.
'use strict';

const { native, operations } = require('./native.js');
const errors = require('./errors.js');
const { Decision, used } = require('./decisions.js');
const { Guard } = require('./guard.js');
const texts = require('./texts.js');

const { MachineIDError, DeniedError, RefusedError, NoAnswerError, CallCancelledError, InvalidError } = errors;
const { errorOf, parsed, replyOf, text } = errors;
const { checked, checkedFunction, checkedOptions, optionsText, callOptions, abortable, kind } = texts;
const fromEnvironment = Symbol('the org key is in the environment');

class Client {
  #handle;

  constructor(orgKey, options) {
    const key = orgKey === fromEnvironment ? null : checked('orgKey', orgKey);
    const answer = native.open(key, optionsText(options));
    replyOf(answer);
    this.#handle = answer.client;
  }

  static fromEnv(options) {
    return new Client(fromEnvironment, options);
  }

  whenAllowed(deviceId, work, options) {
    checkedFunction('work', work, 'whenAllowed(deviceId, work) calls it when the device is allowed');
    return this.validate(deviceId, { allowed: work, otherwise: (decision) => { throw decision.error; } }, options);
  }

  validate(deviceId, handlers, options) {
    const { allowed, otherwise } = checkedHandlers('validate(deviceId, {allowed, otherwise})', handlers);
    return this.#ask('validate', checked('deviceId', deviceId), options).then((answer) => {
      const decision = new Decision(deviceId, answer.allowed, answer.name, parsed(answer.json));
      return used(decision.allowed ? allowed : otherwise, decision);
    });
  }

  validateMany(deviceIds, handlers, options) {
    const { allowed, otherwise } = checkedHandlers('validateMany(deviceIds, {allowed, otherwise})', handlers);
    return this.#askMany(deviceIds, options).then(async (decisions) => {
      const results = [];
      for (const decision of decisions) results.push(await used(decision.allowed ? allowed : otherwise, decision));
      return results;
    });
  }

  whenAllAllowed(deviceIds, work, options) {
    checkedFunction('work', work, 'whenAllAllowed(deviceIds, work) calls it when all devices are allowed');
    return this.#askMany(deviceIds, options).then((decisions) => {
      if (decisions.length === 0) throw new TypeError('deviceIds has no device: nothing is allowed');
      const denied = decisions.find((decision) => !decision.allowed);
      if (denied) throw denied.error;
      return used(work, decisions);
    });
  }

  #askMany(deviceIds, options) {
    if (typeof deviceIds === 'string' || typeof deviceIds?.[Symbol.iterator] !== 'function') {
      throw new TypeError(`deviceIds must be an array of strings, not ${kind(deviceIds)}`);
    }
    const ids = Array.from(deviceIds, (id, n) => checked(`deviceIds[${n}]`, id));
    return this.#ask('validateMany', ids, options).then((answer) => {
      const all = parsed(answer.json);
      return ids.map((id, n) => {
        const reply = (Array.isArray(all) ? all[n] : all) ?? {};
        return new Decision(id, answer.flags[n], statusOf(answer.flags[n], reply), reply);
      });
    });
  }

  guard(deviceId, work, options) {
    checkedFunction('work', work, 'guard(deviceId, work) calls it with the guard, and stops that when it has ended');
    const { signal, ...rest } = checkedOptions(options);
    const handle = this.#open();
    const unused = (answer) => answer.guard && native.release(answer.guard);
    const started = this.#ask('guard', checked('deviceId', deviceId), { signal }, optionsText(rest), unused);
    return started.then(async (answer) => {
      const reply = replyOf(answer);
      let guard = null;
      try {
        if (!native.allowed(answer.guard)) throw offError(answer.guard, reply);
        guard = new Guard(deviceId, answer.guard, handle);
        return await used(work, guard);
      } finally {
        if (guard) guard.stop();
        else unused(answer);
      }
    });
  }

  register(deviceId, options) { return this.#onDevice('register', deviceId, options); }
  revoke(deviceId, options) { return this.#onDevice('revoke', deviceId, options); }
  unrevoke(deviceId, options) { return this.#onDevice('unrevoke', deviceId, options); }
  restore(deviceId, options) { return this.#onDevice('restore', deviceId, options); }
  remove(deviceId, options) { return this.#onDevice('remove', deviceId, options); }
  listDevices(options) { return this.#ask('listDevices', null, options).then(replyOf); }
  usage(options) { return this.#ask('usage', null, options).then(replyOf); }

  stats() { return replyOf(native.stats(this.#open())); }

  cancel() {
    if (this.#handle) native.cancel(this.#handle);
  }

  close() {
    if (this.#handle) native.release(this.#handle);
    this.#handle = null;
  }

  #open() {
    if (!this.#handle) throw new TypeError('the client is closed; make a new one');
    return this.#handle;
  }

  #onDevice(operation, deviceId, options) {
    return this.#ask(operation, checked('deviceId', deviceId), options).then(replyOf);
  }

  #ask(operation, argument, options, text = null, unused = () => {}) {
    const handle = this.#open();
    const { signal } = callOptions(options);
    return abortable(() => native.call(handle, operations[operation], argument, text), signal, unused);
  }
}

// Why a guard is off that has just been started.
function offError(guard, reply) {
  const { state } = parsed(native.decision(guard).json);
  if (state === 'denied') return errorOf('MID_OK', reply);
  if (state === 'ended') return errorOf('MID_CANCELLED', { code: 'CLIENT_CANCELLED', message: 'the client has ended' });
  return errorOf('MID_TIMEOUT', { code: 'CLIENT_TIMEOUT', message: 'the answer is older than maxAgeMs' });
}

// The status of one device among many, from its code: the library has one for all.
function statusOf(isAllowed, reply) {
  if (isAllowed) return 'MID_OK';
  if (text(reply.code)?.startsWith('CLIENT_')) return reply.code.replace('CLIENT_', 'MID_');
  return typeof reply.allowed === 'boolean' ? 'MID_OK' : 'MID_REFUSED';
}

function checkedHandlers(call, handlers) {
  if (typeof handlers?.allowed !== 'function' || typeof handlers?.otherwise !== 'function') {
    throw new TypeError(`${call} needs two functions, one for a device that is allowed and one for all others; a ` +
      'promise is true in every condition, so none is made of a decision');
  }
  return handlers;
}

const { version } = native;
const buildInfo = () => JSON.parse(native.buildInfo);

module.exports = { Client, Guard, Decision, MachineIDError, DeniedError, RefusedError, NoAnswerError,
  CallCancelledError, InvalidError, version, buildInfo };
