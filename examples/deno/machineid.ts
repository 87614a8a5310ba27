// machineid.ts - the client of the MachineID authority, for Deno. Needs libmachineid and --allow-ffi.
//
//     using client = Client.fromEnv({ timeout_ms: 2000 });
//     await client.register("agent-01");
//     await client.whenAllowed("agent-01", () => work());
//     await client.guard("agent-01", async (guard) => {
//       while (guard.allowed) await step();
//     });
//
// A promise is always true in a condition, and so is every object: `if (client.validate(id))` would work on a denied
// device wherever an await is forgotten. So no function here returns a promise of a decision, and there is no
// validate(): whenAllowed() calls the work itself, and only when the device is allowed; it refuses work that returns
// the decision. validateMany() and guard() do the same. isAllowedSync() returns a boolean, and the event loop waits for
// it. Two mistakes remain possible: a method that is named but not called, `if (client.isAllowedSync)`, is true, and so
// is `if (client.whenAllowed(id, work))` without an await. typescript-eslint's no-misused-promises and
// no-unnecessary-condition find them.
//
// Every call runs on a thread of its own and returns a promise, so the event loop goes on. Calls may overlap on one
// client.

const owned = ["pointer", "buffer"] as const;
const about = ["pointer", "buffer", "buffer"] as const;
const lib = Deno.dlopen("libmachineid.so.0", {
  mid_version: { parameters: [], result: "pointer" },
  mid_status_name: { parameters: ["i32"], result: "pointer" },
  mid_client_new: { parameters: ["buffer", "buffer", "buffer", "buffer"], result: "i32" },
  mid_client_from_env: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  mid_client_cancel: { parameters: ["pointer"], result: "void" },
  mid_client_free: { parameters: ["pointer"], result: "void" },
  mid_validate: { parameters: ["pointer", "buffer", "buffer", "buffer"], result: "i32", nonblocking: true },
  validate_now: {
    name: "mid_validate",
    parameters: ["pointer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  mid_register: { parameters: about, result: "i32", nonblocking: true },
  mid_revoke: { parameters: about, result: "i32", nonblocking: true },
  mid_unrevoke: { parameters: about, result: "i32", nonblocking: true },
  mid_restore: { parameters: about, result: "i32", nonblocking: true },
  mid_remove: { parameters: about, result: "i32", nonblocking: true },
  mid_list_devices: { parameters: owned, result: "i32", nonblocking: true },
  mid_usage: { parameters: owned, result: "i32", nonblocking: true },
  mid_validate_many: {
    parameters: ["pointer", "buffer", "usize", "buffer", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  mid_guard_start: {
    parameters: ["pointer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  mid_guard_allowed: { parameters: ["pointer"], result: "i32" },
  mid_guard_wait: { parameters: ["pointer", "i32"], result: "i32", nonblocking: true },
  mid_guard_decision: { parameters: about, result: "i32" },
  mid_guard_stop: { parameters: ["pointer"], result: "void", nonblocking: true },
  mid_free: { parameters: ["pointer"], result: "void" },
}).symbols;

// deno-lint-ignore no-explicit-any
export type Reply = Record<string, any>;

/** The decision to allow. */
export interface Decision {
  status: string;
  code?: string;
  request_id?: string;
  reply: Reply;
}

/**
 * The authority refused, or it gave no answer. whenAllowed() also rejects with this for a denial; the status is then
 * MID_OK, because the authority decided.
 */
export class MachineIDError extends Error {
  readonly code: string;
  readonly request_id?: string;
  constructor(readonly status: string, readonly reply: Reply) {
    const code = reply.code ?? reply.error;
    const why = status === "MID_OK" ? `not allowed: ${code}` : `${status} ${code}: ${reply.message ?? ""}`;
    super(reply.request_id ? `${why} (request id ${reply.request_id})` : why);
    this.code = code;
    this.request_id = reply.request_id;
  }
}

export const version = () => Deno.UnsafePointerView.getCString(lib.mid_version()!);

/** What is called for each device of many. */
export interface Handlers<T> {
  /** Called when the device may run now. */
  allowed: (decision: Decision, device: string) => T | Promise<T>;
  /** Called when it is denied, and when there is no answer. */
  otherwise: (error: MachineIDError, device: string) => T | Promise<T>;
}

/** A device's permission, kept fresh in the background. Client.guard() makes it, and stops it at the work's end. */
export class Guard {
  #handle: Deno.PointerValue;
  #waits = new Set<Promise<number>>();

  constructor(handle: Deno.PointerValue) {
    this.#handle = handle;
  }

  /** May the device run now? Look before each step: it takes some nanoseconds in the library, and asks nobody. */
  get allowed(): boolean {
    return lib.mid_guard_allowed(this.#handle) === 1;
  }

  /** What the guard knows, as machineid.h describes it for mid_guard_decision(): state, decision and so on. */
  decision(): Reply {
    const json = pointer();
    return checked(lib.mid_guard_decision(this.#handle, bytes(new Int32Array(1)), bytes(json)), json);
  }

  /** A promise that is resolved once the guard is off: lapsed, which may pass, denied, ended or stopped. */
  async whenOff(): Promise<void> {
    // No wait is longer than this, so that none keeps the guard from being stopped.
    const longest = 200;
    for (let status = 1; status !== 0 && this.#handle !== null;) {
      const wait = lib.mid_guard_wait(this.#handle, longest);
      this.#waits.add(wait);
      status = await wait;
      this.#waits.delete(wait);
    }
  }

  /** Stops the guard. It is off at once. */
  async stop(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await Promise.all(this.#waits);
    await lib.mid_guard_stop(handle);
  }
}

/** A connection to the authority on behalf of one organisation. machineid.h lists the options. */
export class Client implements Disposable {
  #handle: Deno.PointerValue;
  #calls = new Set<unknown>();
  #isClosed = false;

  private constructor(handle: Deno.PointerValue) {
    this.#handle = handle;
  }

  static open(orgKey: string, options: Reply = {}): Client {
    const optionsText = text("options", JSON.stringify(options));
    const key = text("orgKey", orgKey);
    return Client.#make((client, json) => lib.mid_client_new(key, optionsText, client, json));
  }

  /** Takes the org key from the environment variable MACHINEID_ORG_KEY. */
  static fromEnv(options: Reply = {}): Client {
    const optionsText = text("options", JSON.stringify(options));
    return Client.#make((client, json) => lib.mid_client_from_env(optionsText, client, json));
  }

  static #make(make: (client: Bytes, json: Bytes) => number): Client {
    const client = pointer();
    const json = pointer();
    checked(make(bytes(client), bytes(json)), json);
    return new Client(Deno.UnsafePointer.create(client[0]));
  }

  /**
   * Calls work(decision) when the device may run now, and returns a promise of its result. When the device may not run,
   * work is not called, and the promise is rejected with a MachineIDError that has the code and the request id for your
   * log. Throws at once if work is not a function, and rejects if work returns the decision, since the caller then
   * meant to use it as a condition.
   */
  whenAllowed<T>(device: string, work: (decision: Decision) => T | Promise<T>): Promise<T> {
    const id = text("device", device);
    if (typeof work !== "function") {
      throw new TypeError("work must be a function: whenAllowed(device, work) calls it when the device is allowed");
    }
    return this.#whenAllowed(id, work);
  }

  async #whenAllowed<T>(id: Bytes, work: (decision: Decision) => T | Promise<T>): Promise<T> {
    const allowed = new Int32Array(1);
    const json = pointer();
    const number = await this.#run(id, (handle) => lib.mid_validate(handle, id, bytes(allowed), bytes(json)));
    const reply = take(json);
    const status = nameOf(number);
    if (allowed[0] !== 1) throw new MachineIDError(status, reply);
    return await used(work, { status, code: reply.code, request_id: reply.request_id, reply });
  }

  /**
   * Asks about all devices together, within one timeout_ms for all, and calls one of the two functions for each, one
   * after another in their order. The promise is of their results.
   */
  validateMany<T>(devices: string[], handlers: Handlers<T>): Promise<T[]> {
    const ids = devices.map((device) => text("devices", device));
    if (typeof handlers?.allowed !== "function" || typeof handlers?.otherwise !== "function") {
      throw new TypeError("handlers must be two functions, for a device that is allowed and for all others");
    }
    return this.#validateMany(devices, ids, handlers);
  }

  async #validateMany<T>(devices: string[], ids: Bytes[], handlers: Handlers<T>): Promise<T[]> {
    const list = BigUint64Array.from(ids, (id) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(id)));
    // There is room for one more, because Deno makes no pointer to an empty array.
    const texts = bytes(BigUint64Array.from([...list, 0n]));
    const allowed = new Int32Array(ids.length + 1);
    const json = pointer();
    await this.#run(
      [texts, ids],
      (handle) => lib.mid_validate_many(handle, texts, BigInt(ids.length), bytes(allowed), bytes(json)),
    );
    const told = take(json);
    const results: T[] = [];
    for (const n of ids.keys()) {
      const reply = (Array.isArray(told) ? told[n] : told) ?? {};
      if (allowed[n] === 1) {
        const decision = { status: "MID_OK", code: reply.code, request_id: reply.request_id, reply };
        results.push(await used((decision) => handlers.allowed(decision, devices[n]), decision));
      } else {
        results.push(await handlers.otherwise(new MachineIDError(statusOfOne(reply), reply), devices[n]));
      }
    }
    return results;
  }

  /** Calls work(decisions) when there are devices and all may run now; otherwise the promise is rejected. */
  whenAllAllowed<T>(devices: string[], work: (decisions: Decision[]) => T | Promise<T>): Promise<T> {
    if (typeof work !== "function") throw new TypeError("work must be a function: whenAllAllowed(devices, work)");
    const decisions: Decision[] = [];
    const problems: MachineIDError[] = [];
    const asked = this.validateMany(devices, {
      allowed: (decision) => void decisions.push(decision),
      otherwise: (error) => void problems.push(error),
    });
    return asked.then(() => {
      if (problems.length > 0) throw problems[0];
      if (decisions.length === 0) throw new TypeError("devices must not be empty: there is nothing to allow");
      return used(work, decisions);
    });
  }

  /**
   * Starts a guard, and calls work(guard) when the device may run now; the promise is of its result. The guard is
   * stopped when the work, or the promise that it returns, has ended. When the device may not run, work is not called,
   * and the promise is rejected as that of whenAllowed().
   */
  guard<T>(device: string, work: (guard: Guard) => T | Promise<T>, options: Reply = {}): Promise<T> {
    const id = text("device", device);
    const optionsText = text("options", JSON.stringify(options));
    if (typeof work !== "function") throw new TypeError("work must be a function: guard(device, work) calls it");
    return this.#guard(id, optionsText, work);
  }

  async #guard<T>(id: Bytes, options: Bytes, work: (guard: Guard) => T | Promise<T>): Promise<T> {
    const started = pointer();
    const json = pointer();
    const status = await this.#run(
      [id, options],
      (handle) => lib.mid_guard_start(handle, id, options, bytes(started), bytes(json)),
    );
    const reply = checked(status, json);
    const guard = new Guard(Deno.UnsafePointer.create(started[0]));
    try {
      if (!guard.allowed) throw new MachineIDError("MID_OK", reply);
      return await used(work, guard);
    } finally {
      await guard.stop();
    }
  }

  /**
   * May this device run now? The event loop stands still until there is an answer or timeout_ms has passed, so this is
   * for the start of a program, for workers and for scripts.
   */
  isAllowedSync(device: string): boolean {
    const id = text("device", device);
    const allowed = new Int32Array(1);
    const json = pointer();
    lib.validate_now(this.#handle, id, bytes(allowed), bytes(json));
    take(json);
    return allowed[0] === 1;
  }

  // These return the authority's reply, or throw MachineIDError.
  register = (device: string) => this.#askAbout(device, lib.mid_register);
  revoke = (device: string) => this.#askAbout(device, lib.mid_revoke);
  unrevoke = (device: string) => this.#askAbout(device, lib.mid_unrevoke);
  /** The same as unrevoke. */
  restore = (device: string) => this.#askAbout(device, lib.mid_restore);
  remove = (device: string) => this.#askAbout(device, lib.mid_remove);
  listDevices = () => this.#ask(lib.mid_list_devices);
  usage = () => this.#ask(lib.mid_usage);

  /** Ends every call in progress and every later call on this client with MID_CANCELLED. */
  cancel() {
    lib.mid_client_cancel(this.#handle);
  }

  /** Cancels the calls in progress, and frees the client when the last of them has returned. */
  [Symbol.dispose]() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    lib.mid_client_cancel(this.#handle);
    this.#freeWhenIdle();
  }

  #freeWhenIdle() {
    if (!this.#isClosed || this.#calls.size > 0 || this.#handle === null) return;
    lib.mid_client_free(this.#handle);
    this.#handle = null;
  }

  /**
   * `given` is memory that the call reads. It is kept here, because older versions of Deno do not protect it from the
   * collector until the call returns.
   */
  async #run(given: unknown, call: (handle: Deno.PointerValue) => Promise<number>): Promise<number> {
    this.#calls.add(given);
    try {
      return await call(this.#handle);
    } finally {
      this.#calls.delete(given);
      this.#freeWhenIdle();
    }
  }

  async #ask(call: (handle: Deno.PointerValue, json: Bytes) => Promise<number>): Promise<Reply> {
    const json = pointer();
    const out = bytes(json);
    return checked(await this.#run(out, (handle) => call(handle, out)), json);
  }

  async #askAbout(
    device: string,
    call: (handle: Deno.PointerValue, id: Bytes, json: Bytes) => Promise<number>,
  ): Promise<Reply> {
    const id = text("device", device);
    const json = pointer();
    return checked(await this.#run(id, (handle) => call(handle, id, bytes(json))), json);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

const pointer = () => new BigUint64Array(1);
const bytes = (array: BigUint64Array<ArrayBuffer> | Int32Array<ArrayBuffer>): Bytes => new Uint8Array(array.buffer);
const nameOf = (status: number) => Deno.UnsafePointerView.getCString(lib.mid_status_name(status)!);

/**
 * A text as UTF-8 with a NUL. A NUL within it would cut it short, and half of a surrogate pair would become U+FFFD, so
 * that the call would concern another device.
 */
function text(name: string, value: string): Bytes {
  if (typeof value !== "string") {
    throw new TypeError(`${name} must be a string, not ${value === null ? value : typeof value}`);
  }
  if (/[\0\p{Surrogate}]/u.test(value)) throw new TypeError(`${name} must be a string without NUL and lone surrogates`);
  return new TextEncoder().encode(value + "\0");
}

/** Calls the work, which must not hand out what it is given, since that would be true in a condition. */
async function used<G, T>(work: (given: G) => T | Promise<T>, given: G): Promise<T> {
  const result: unknown = await work(given);
  if (result === given) {
    throw new TypeError("work must not return what it is given: it is to do what needs the device to be allowed");
  }
  return result as T;
}

/** The status of one device among many that is not allowed: the library returns one for all. */
function statusOfOne(reply: Reply): string {
  if (typeof reply.code === "string" && reply.code.startsWith("CLIENT_")) return reply.code.replace("CLIENT_", "MID_");
  return "allowed" in reply ? "MID_OK" : "MID_REFUSED";
}

/**
 * Parses and frees a text from a json parameter. The answer is the library's flag and not this text, so a reply that
 * JavaScript cannot parse becomes an empty one.
 */
function take(json: BigUint64Array): Reply {
  const owned = Deno.UnsafePointer.create(json[0]);
  if (owned === null) return {};
  try {
    return JSON.parse(Deno.UnsafePointerView.getCString(owned));
  } catch {
    return {};
  } finally {
    lib.mid_free(owned);
  }
}

function checked(status: number, json: BigUint64Array): Reply {
  const reply = take(json);
  if (status !== 0) throw new MachineIDError(nameOf(status), reply);
  return reply;
}
