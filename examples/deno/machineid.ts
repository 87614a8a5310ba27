// machineid.ts - the client of the MachineID authority, for Deno. Needs libmachineid and --allow-ffi.
//
//     using client = Client.fromEnv({ timeout_ms: 2000 });
//     await client.register("agent-01");
//     if ((await client.validate("agent-01")).allowed) work();
//
// Every call runs on a thread of its own and gives a promise: the event loop goes on. Calls may overlap on one client.

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
  mid_register: { parameters: about, result: "i32", nonblocking: true },
  mid_revoke: { parameters: about, result: "i32", nonblocking: true },
  mid_unrevoke: { parameters: about, result: "i32", nonblocking: true },
  mid_restore: { parameters: about, result: "i32", nonblocking: true },
  mid_remove: { parameters: about, result: "i32", nonblocking: true },
  mid_list_devices: { parameters: owned, result: "i32", nonblocking: true },
  mid_usage: { parameters: owned, result: "i32", nonblocking: true },
  mid_free: { parameters: ["pointer"], result: "void" },
}).symbols;

// deno-lint-ignore no-explicit-any
export type Reply = Record<string, any>;

/** Gate on `allowed` and nothing else; with any status but MID_OK the authority decided nothing. */
export interface Decision {
  allowed: boolean;
  status: string;
  code?: string;
  request_id?: string;
  reply: Reply;
}

/** There is no reply: the authority refused, or it could not be asked. */
export class MachineIDError extends Error {
  readonly code: string;
  constructor(readonly status: string, readonly reply: Reply) {
    super(`${status} ${reply.code ?? reply.error}: ${reply.message ?? ""}`);
    this.code = reply.code ?? reply.error;
  }
}

export const version = () => Deno.UnsafePointerView.getCString(lib.mid_version()!);

/** A connection to the authority on behalf of one organisation. machineid.h lists the options. */
export class Client implements Disposable {
  #handle: Deno.PointerValue;
  #calls = new Set<Bytes>();
  #isClosed = false;

  private constructor(handle: Deno.PointerValue) {
    this.#handle = handle;
  }

  static open(orgKey: string, options: Reply = {}): Client {
    const optionsText = text(JSON.stringify(options));
    return Client.#make((client, json) => lib.mid_client_new(text(orgKey), optionsText, client, json));
  }

  /** Takes the org key from the environment variable MACHINEID_ORG_KEY. */
  static fromEnv(options: Reply = {}): Client {
    const optionsText = text(JSON.stringify(options));
    return Client.#make((client, json) => lib.mid_client_from_env(optionsText, client, json));
  }

  static #make(make: (client: Bytes, json: Bytes) => number): Client {
    const client = pointer();
    const json = pointer();
    checked(make(bytes(client), bytes(json)), json);
    return new Client(Deno.UnsafePointer.create(client[0]));
  }

  /** May this device run now? Whatever goes wrong on the way, the decision says so. */
  async validate(device: string): Promise<Decision> {
    const id = text(device);
    const allowed = new Int32Array(1);
    const json = pointer();
    const status = await this.#run(id, (handle) => lib.mid_validate(handle, id, bytes(allowed), bytes(json)));
    const reply = take(json);
    return {
      allowed: allowed[0] === 1,
      status: nameOf(status),
      code: reply.code ?? reply.error,
      request_id: reply.request_id,
      reply,
    };
  }

  // These give the authority's reply, or throw.
  register = (device: string) => this.#askAbout(device, lib.mid_register);
  revoke = (device: string) => this.#askAbout(device, lib.mid_revoke);
  unrevoke = (device: string) => this.#askAbout(device, lib.mid_unrevoke);
  /** The same as unrevoke. */
  restore = (device: string) => this.#askAbout(device, lib.mid_restore);
  remove = (device: string) => this.#askAbout(device, lib.mid_remove);
  listDevices = () => this.#ask(lib.mid_list_devices);
  usage = () => this.#ask(lib.mid_usage);

  /** Ends every call on this client, now and to come, with MID_CANCELLED. */
  cancel() {
    lib.mid_client_cancel(this.#handle);
  }

  /** Cancels what is under way, and frees the client with the last call. */
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

  /** `given` is what the call reads: older Denos do not keep it from the collector until the call returns. */
  async #run(given: Bytes, call: (handle: Deno.PointerValue) => Promise<number>): Promise<number> {
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
    const id = text(device);
    const json = pointer();
    return checked(await this.#run(id, (handle) => call(handle, id, bytes(json))), json);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

const pointer = () => new BigUint64Array(1);
const bytes = (array: BigUint64Array<ArrayBuffer> | Int32Array<ArrayBuffer>): Bytes => new Uint8Array(array.buffer);
const nameOf = (status: number) => Deno.UnsafePointerView.getCString(lib.mid_status_name(status)!);

/** A NUL would cut the text short, and the question would be about another device. */
function text(value: string): Bytes {
  if (value.includes("\0")) throw new TypeError("a NUL inside a string");
  return new TextEncoder().encode(value + "\0");
}

/** Parses what came out through a json parameter, and frees it. */
function take(json: BigUint64Array): Reply {
  const owned = Deno.UnsafePointer.create(json[0]);
  if (owned === null) return {};
  try {
    return JSON.parse(Deno.UnsafePointerView.getCString(owned));
  } finally {
    lib.mid_free(owned);
  }
}

function checked(status: number, json: BigUint64Array): Reply {
  const reply = take(json);
  if (status !== 0) throw new MachineIDError(nameOf(status), reply);
  return reply;
}
