// What the library takes: texts and options. An error names the parameter and does not show the value, which may be the
// org key.
'use strict';

// A NUL would cut the text short, and half of a surrogate pair would become U+FFFD: the call would concern another
// device.
function checked(name, text) {
  if (typeof text !== 'string') throw new TypeError(`${name} must be a string, not ${kind(text)}`);
  if (text.includes('\0')) throw new TypeError(`${name} must be a string without NUL`);
  if (/\p{Surrogate}/u.test(text)) throw new TypeError(`${name} must be a string without lone surrogates`);
  return text;
}

const kind = (value) => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value);

function checkedOptions(options = {}) {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options;
  throw new TypeError(`options must be an object, not ${kind(options)}`);
}

// The library's words have an underscore where JavaScript's have a capital: timeoutMs is timeout_ms.
function optionsText(options) {
  const given = {};
  for (const [name, value] of Object.entries(checkedOptions(options))) {
    if (value === undefined) continue;
    if (typeof value === 'string') checked(name, value);
    else if (!Number.isSafeInteger(value)) throw new TypeError(`${name} must be a string or a whole number`);
    given[name.replace(/[A-Z]+/g, (letters) => `_${letters.toLowerCase()}`)] = value;
  }
  return JSON.stringify(given);
}

// Returns the options of a call: an AbortSignal, of whatever realm.
function callOptions(options) {
  const { signal, ...others } = checkedOptions(options);
  const [other] = Object.keys(others);
  if (other !== undefined) throw new TypeError(`${other} is no option of a call; a call has the option signal`);
  const isSignal = typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function';
  if (signal !== undefined && !isSignal) {
    throw new TypeError(`signal must be an AbortSignal, not ${kind(signal)}`);
  }
  return { signal };
}

// A promise that is rejected as soon as the signal is aborted; the call goes on, and its answer goes to unused().
function abortable(call, signal, unused) {
  if (!signal) return call();
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    call().then((answer) => (signal.aborted ? unused(answer) : resolve(answer)), reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

function checkedFunction(name, value, what) {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function: ${what}`);
  return value;
}

module.exports = { checked, checkedFunction, checkedOptions, optionsText, callOptions, abortable, kind };
