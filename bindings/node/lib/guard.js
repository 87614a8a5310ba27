'use strict';

const { EventEmitter } = require('node:events');
const { native, atEnd } = require('./native.js');
const { errorOf, replyOf } = require('./errors.js');
const { checkedFunction } = require('./texts.js');

const forgotten = new FinalizationRegistry((number) => atEnd.delete(number));

// Keeps one device's permission fresh in the background. Client.guard() makes guards.
class Guard extends EventEmitter {
  #handle;
  #last = null;
  #isOver = false;
  #resolve;
  #over = new Promise((resolve) => { this.#resolve = resolve; });
  #controller = null;

  constructor(deviceId, handle) {
    super();
    this.deviceId = deviceId;
    this.#handle = handle;
    const number = native.watch(handle);
    // What waits for the end holds the guard; the table does not, so that the collector may have it.
    const guard = new WeakRef(this);
    atEnd.set(number, () => guard.deref()?.#end());
    forgotten.register(this, number);
    this.once('newListener', () => Guard.#held.add(this));
  }

  // Guards that somebody listens to.
  static #held = new Set();

  get allowed() {
    return this.#handle !== null && native.allowed(this.#handle);
  }

  decision() {
    if (this.#handle === null) return this.#last;
    const answer = native.decision(this.#handle);
    const { state, age_ms: ageMs, checks, failures, decision, failure } = replyOf(answer);
    const failed = failure && errorOf(failure.code?.startsWith('CLIENT_') ? failure.code.replace('CLIENT_', 'MID_')
      : 'MID_REFUSED', failure);
    return Object.freeze({ deviceId: this.deviceId, allowed: answer.allowed, state, ageMs, checks, failures,
      code: decision?.code ?? failed?.code ?? null, requestId: decision?.request_id ?? failed?.requestId ?? null,
      reply: decision, failure: failed });
  }

  // An AbortSignal, which is aborted when the guard is denied, ended or stopped.
  get signal() {
    this.#controller ??= new AbortController();
    if (this.#isOver) this.#controller.abort();
    else Guard.#held.add(this);
    return this.#controller.signal;
  }

  // A promise of decision(), when the guard is denied, ended or stopped.
  async stopped() {
    if (!this.#isOver) {
      native.hold(1);
      Guard.#held.add(this);
      await this.#over;
      native.hold(-1);
    }
    return this.decision();
  }

  // Calls work() again and again, each time after the last one has ended, for as long as the guard is on.
  async whileAllowed(work) {
    checkedFunction('work', work, 'whileAllowed(work) calls it again and again while the device is allowed');
    while (this.allowed) {
      await work();
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
    this.#end();
  }

  #end() {
    if (this.#isOver) return;
    this.#isOver = true;
    Guard.#held.delete(this);
    this.#resolve();
    this.#controller?.abort();
    this.emit('end', this.decision());
  }
}

module.exports = { Guard };
