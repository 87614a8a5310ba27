// The errors, one class for each kind of status.
'use strict';

// index.d.ts says which class has which status. No text of an error has the org key in it.
class MachineIDError extends Error {
  constructor(status, reply) {
    const code = codeOf(reply);
    const message = text(reply.message) ?? text(reply.reason);
    const requestId = text(reply.request_id);
    const what = [status === 'MID_OK' ? 'not allowed:' : status, code].filter(Boolean).join(' ');
    const line = status === 'MID_OK' || !message ? what : `${what}: ${message}`;
    super(requestId ? `${line} (request id ${requestId})` : line);
    const http = code?.startsWith('CLIENT_') ? /^HTTP (\d{3})\b/.exec(message ?? '') : null;
    Object.assign(this, { status, code, reason: message, requestId, httpStatus: http ? Number(http[1]) : null, reply });
  }

  get name() {
    return this.constructor.name;
  }
}

class DeniedError extends MachineIDError {}
class RefusedError extends MachineIDError {}
class NoAnswerError extends MachineIDError {}
class CallCancelledError extends MachineIDError {}
class InvalidError extends MachineIDError {}

const classes = { MID_OK: DeniedError, MID_REFUSED: RefusedError, MID_CANCELLED: CallCancelledError,
  MID_INVALID_ARGUMENT: InvalidError, MID_INVALID_OPTIONS: InvalidError, MID_NO_ORG_KEY: InvalidError,
  MID_OUT_OF_MEMORY: MachineIDError, MID_INTERNAL: MachineIDError };

const errorOf = (status, reply) => new (classes[status] ?? NoAnswerError)(status, reply);
// An error of the authority has `error` where a decision has `code`.
const codeOf = (reply) => text(reply.code) ?? text(reply.error);
const text = (value) => (typeof value === 'string' ? value : null);

// The answer is the library's flag and not the reply's text, so a reply that JavaScript cannot read is an empty one.
function parsed(json) {
  try {
    return (json === null ? null : JSON.parse(json)) ?? {};
  } catch {
    return {};
  }
}

// Returns the reply, or throws the error.
function replyOf(answer) {
  if (answer.status !== 0 || answer.name !== 'MID_OK') throw errorOf(answer.name, parsed(answer.json));
  return parsed(answer.json);
}

module.exports = { MachineIDError, DeniedError, RefusedError, NoAnswerError, CallCancelledError, InvalidError,
  codeOf, errorOf, parsed, replyOf, text };
