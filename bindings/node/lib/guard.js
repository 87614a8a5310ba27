'use strict';

const { EventEmitter } = require('node:events');
const { native, atEnd } = require('./native.js');
const { errorOf, replyOf } = require('./errors.js');
const { checkedFunction } = require('./texts.js');

// Keeps one device's permission fresh in the background. Client.guard() makes guards. It holds the client, which would
// take the guard with it, and the table of what is to be called at the end holds the guard.
class Guard extends EventEmitter {
  #handle;
  #client;
  #number;
  #last = null;
  #isOver = false;
  #resolve;
  #over = new Promise((resolve) => { this.#resolve = resolve; });
  #controller = null;

  constructor(deviceId, handle, client) {
    super();
    this.deviceId = deviceId;
    this.#handle = handle;
    this.#client = client;
    this.#number = native.watch(handle);
    atEnd.set(this.#number, () => this.#end());
    native.hold(1);
  }

  get allowed() {
    return this.#handle !== null && native.allowed(this.#handle);
  }

  decision() {
    if (this.#handle === null) return this.#last;
    const answer = native.decision(this.#handle);
    const { state, age_ms: ageMs, checks, failures, decision, failure } = replyOf(answer);
    const known = { deviceId: this.deviceId, allowed: answer.allowed, state, ageMs, checks, failures,
      code: decision?.code ?? null, requestId: decision?.request_id ?? null, reply: decision ?? null };
    return Object.freeze({ ...known, failure: failure ? errorOf(statusOf(failure), failure) : null });
  }

  get signal() {
    this.#controller ??= new AbortController();
    if (this.#isOver) this.#controller.abort();
    return this.#controller.signal;
  }

  async stopped() {
    await this.#over;
    return this.decision();
  }

  async whileAllowed(work) {
    checkedFunction('work', work, 'whileAllowed(work) calls it again and again while the device is allowed');
    while (this.allowed) {
      await work();
      // So that the loop is never kept from its other work, whatever the function does.
      await new Promise(setImmediate);
    }
    return this.decision();
  }

  stop() {
    if (this.#handle === null) return;
    const last = this.decision();
    this.#last = Object.freeze({ ...last, allowed: false, state: last.state === 'denied' ? 'denied' : 'ended' });
    native.release(this.#handle);
    this.#handle = null;
    this.#client = null;
    this.#end();
  }

  #end() {
    if (this.#isOver) return;
    this.#isOver = true;
    atEnd.delete(this.#number);
    native.hold(-1);
    this.#resolve();
    this.#controller?.abort();
    // A listener that throws is an uncaught exception like any other, and is nobody's failure here.
    process.nextTick(() => this.emit('end', this.decision()));
  }
}

// The status of a check that brought no decision, from its code.
const statusOf = (failure) => (/^CLIENT_/.test(failure.code) ? failure.code.replace('CLIENT_', 'MID_') : 'MID_REFUSED');

module.exports = { Guard };
