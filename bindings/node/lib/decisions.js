// The answer about one device. Only the functions that the caller gives get one, since every object is true in a
// condition.
'use strict';

const { errorOf, text } = require('./errors.js');

class Decision {
  constructor(deviceId, allowed, status, reply) {
    Object.assign(this, { deviceId, allowed, status, code: text(reply.code) ?? text(reply.error),
      requestId: text(reply.request_id), reply });
    Object.freeze(this);
  }

  // null when the device is allowed.
  get error() {
    return this.allowed ? null : errorOf(this.status, this.reply);
  }
}

// Calls a function of the caller's with a decision, and refuses that it hands the decision out: who does that means to
// use it as a condition, which would be true for a denied device too.
async function used(work, argument) {
  const result = await work(argument);
  if (result instanceof Decision || (result === argument && Array.isArray(result))) {
    throw new TypeError('the function must not return the decision, which is true in every condition: return ' +
      'decision.allowed, or do the work in the function');
  }
  return result;
}

module.exports = { Decision, used };
