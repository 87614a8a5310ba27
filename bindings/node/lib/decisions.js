// The answer about one device. Only the functions that the caller gives get one, since every object is true in a
// condition.
'use strict';

const { codeOf, errorOf, text } = require('./errors.js');

class Decision {
  constructor(deviceId, allowed, status, reply) {
    Object.assign(this, { deviceId, allowed, status, code: codeOf(reply), requestId: text(reply.request_id), reply });
    Object.freeze(this);
  }

  get error() {
    return this.allowed ? null : errorOf(this.status, this.reply);
  }
}

// Calls a function of the caller's with a decision, all decisions or a guard, and refuses that it hands that out: who
// does so means to use it as a condition, and it is true for a denied device too.
async function used(work, argument) {
  const result = await work(argument);
  if (result instanceof Decision || result === argument) {
    throw new TypeError('the function must not return what it was given, which is true in every condition: return ' +
      'its property allowed, or do the work in the function');
  }
  return result;
}

module.exports = { Decision, used };
