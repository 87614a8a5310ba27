/** The client of the MachineID authority, which decides whether a device may run, and fails closed. */

/** The options of a client. What is not given is the library's default; times are in milliseconds. */
export interface ClientOptions {
  /** The authority: https, or http to loopback. By default `https://machineid.io`. */
  baseUrl?: string;
  /** For one call, everything included: 1 to 3600000, by default 10000. */
  timeoutMs?: number;
  /** For name, TCP, proxy and TLS of one attempt: 1 to 3600000, by default 3000. */
  connectTimeoutMs?: number;
  /** Further attempts after a transport failure or an outage: 0 to 10, by default 2. */
  maxRetries?: number;
  /** A PEM file of the only certificate authorities to trust. */
  caFile?: string;
  /** Directories of the only certificate authorities to trust, joined by ":". */
  caPath?: string;
  /** The only server keys to accept, `sha256//BASE64`, joined by ";". */
  pinnedPublicKey?: string;
  /** An http, https, socks4, socks4a, socks5 or socks5h URL; "" for none. */
  proxy?: string;
  /** Hosts reached without a proxy, joined by ",", or "*". */
  noProxy?: string;
  /** 1 to 256 bytes of printable ASCII. */
  userAgent?: string;
  /** 1 to 256, by default 64. */
  maxConnections?: number;
  /** An older connection takes no further request: 1000 to 86400000, by default 300000. */
  maxConnectionAgeMs?: number;
}

/** The options of `Client.fromEnv`. */
export interface EnvironmentOptions extends ClientOptions {
  /** Another variable to read the org key from than MACHINEID_ORG_KEY, and then no file. */
  envVar?: string;
}

/** The options of a call. */
export interface CallOptions {
  /**
   * When it is aborted, the promise is rejected at once with its reason, and nothing is allowed. The call goes on in
   * the background, so that a register or revoke may still be carried out; `Client.cancel()` ends it.
   */
  signal?: AbortSignal;
}

/** The options of a guard. */
export interface GuardOptions extends CallOptions {
  /** From one check to the next, a tenth more or less: 20 to 3600000, by default 5000. */
  intervalMs?: number;
  /** How old an allow may be: 40 to 2147483647, 2 to 1000 intervals, by default 3 intervals. */
  maxAgeMs?: number;
}

/** What the authority replied: an object of its JSON, empty where JavaScript cannot read it. */
export type Reply = Record<string, any>;

/** The names of statuses in `machineid.h`: "MID_OK", "MID_REFUSED", "MID_TIMEOUT" and so on. */
export type Status = string;

/** The answer about one device. It is true in every condition, so that no function returns one: look at `allowed`. */
export class Decision {
  private constructor();
  /** The device that was asked about. */
  readonly deviceId: string;
  /** May it run now? Gate on this and nothing else. */
  readonly allowed: boolean;
  /** "MID_OK" when the authority decided; otherwise why there is no decision. */
  readonly status: Status;
  /** "ALLOW", "DEVICE_REVOKED", "CLIENT_TIMEOUT" and so on. */
  readonly code: string | null;
  /** For your log, and for the vendor's support. */
  readonly requestId: string | null;
  /** What the authority replied. */
  readonly reply: Reply;
  /** null when the device is allowed, otherwise what `Client.whenAllowed` rejects with. */
  readonly error: MachineIDError | null;
}

/** What is called with a decision. It must not return the decision, or the promise is rejected with a TypeError. */
export interface Handlers<A, O> {
  /** Called when the device may run now. */
  allowed: (decision: Decision) => A;
  /** Called when it is denied, and when there is no answer. */
  otherwise: (decision: Decision) => O;
}

/**
 * A connection to the authority on behalf of one organisation. Make one for the whole program, and one in each worker
 * thread. No method blocks the event loop. What cannot be used as an argument is a TypeError, which is thrown at once.
 */
export class Client {
  /**
   * @throws {InvalidError} The key or an option cannot be used.
   * @throws {TypeError} The key is no string, or has a NUL or half a surrogate pair. It is not shown.
   */
  constructor(orgKey: string, options?: ClientOptions);
  /**
   * Takes the org key from the variable MACHINEID_ORG_KEY, or from the file that MACHINEID_ORG_KEY_FILE names, and the
   * authority from MACHINEID_BASE_URL where no `baseUrl` is given.
   */
  static fromEnv(options?: EnvironmentOptions): Client;

  /**
   * Calls `work` when the device may run now; the promise is of its result. Otherwise `work` is not called, and the
   * promise is rejected: a DeniedError when the authority said no, a NoAnswerError when there is no answer.
   */
  whenAllowed<T>(deviceId: string, work: (decision: Decision) => T, options?: CallOptions): Promise<Awaited<T>>;
  /** Calls one of the two functions, whatever the answer is; the promise is of its result. */
  validate<A, O>(deviceId: string, handlers: Handlers<A, O>, options?: CallOptions):
    Promise<Awaited<A> | Awaited<O>>;
  /** Asks about all together, and calls one of the two functions for each, one after another in their order. */
  validateMany<A, O>(deviceIds: Iterable<string>, handlers: Handlers<A, O>, options?: CallOptions):
    Promise<Array<Awaited<A> | Awaited<O>>>;
  /** Calls `work` when there are devices and all may run now; otherwise the promise is rejected. */
  whenAllAllowed<T>(deviceIds: Iterable<string>, work: (decisions: Decision[]) => T, options?: CallOptions):
    Promise<Awaited<T>>;
  /**
   * Starts a guard and calls `work` with it when the device may run now; the promise is of its result. The guard is
   * stopped when `work`, or the promise that it returns, has ended. Otherwise `work` is not called, and the promise is
   * rejected, as that of `whenAllowed` is.
   */
  guard<T>(deviceId: string, work: (guard: Guard) => T, options?: GuardOptions): Promise<Awaited<T>>;

  /** Registers a device. Registering again changes nothing and restores no revoked device. */
  register(deviceId: string, options?: CallOptions): Promise<Reply>;
  /** Revokes a device: from now on it is denied. */
  revoke(deviceId: string, options?: CallOptions): Promise<Reply>;
  /** Takes a revocation back. */
  unrevoke(deviceId: string, options?: CallOptions): Promise<Reply>;
  /** The same as `unrevoke`, as the vendor's SDKs also call it. */
  restore(deviceId: string, options?: CallOptions): Promise<Reply>;
  /** Removes a device for good. */
  remove(deviceId: string, options?: CallOptions): Promise<Reply>;
  /** The organisation's devices, active and revoked. */
  listDevices(options?: CallOptions): Promise<Reply>;
  /** The organisation's plan: tier, state, limit, devices used. */
  usage(options?: CallOptions): Promise<Reply>;

  /** What the client has done so far: the counters of `mid_client_stats()`. */
  stats(): Reply;
  /** Ends the guards of this client and, with CallCancelledError, its calls in progress and to come. */
  cancel(): void;
  /** Cancels the client and frees it. Every later call is a TypeError. */
  close(): void;
}

/** What a guard knows. */
export interface GuardDecision {
  readonly deviceId: string;
  /** As `Guard.allowed` was then. */
  readonly allowed: boolean;
  /** "lapsed": no answer has come for `maxAgeMs`, and it may be on again. "denied" and "ended" are final. */
  readonly state: 'on' | 'lapsed' | 'denied' | 'ended';
  /** How long ago the question was sent that the authority answered last, in milliseconds. */
  readonly ageMs: number;
  /** How many checks were made. */
  readonly checks: number;
  /** How many of them, since the last decision, brought none. */
  readonly failures: number;
  /** The code of the last decision. */
  readonly code: string | null;
  /** The request id of the last decision. */
  readonly requestId: string | null;
  /** The last decision. */
  readonly reply: Reply | null;
  /** Why the last check brought no decision, or null. */
  readonly failure: MachineIDError | null;
}

type EndListener = (decision: GuardDecision) => void;

/**
 * Keeps one device's permission fresh in the background. Every object is true in a condition, and so is a guard: look
 * at `allowed`. An EventEmitter with the event "end", once, when it is denied, ended or stopped. A lapse is no end.
 */
export class Guard {
  private constructor();
  readonly deviceId: string;
  /** May the device run now? Asks nobody. */
  readonly allowed: boolean;
  /** An AbortSignal that is aborted when the guard is denied, ended or stopped: give it to what is to end then. */
  readonly signal: AbortSignal;
  /** What the guard knows. Asks nobody. */
  decision(): GuardDecision;
  /** A promise of `decision()` that is kept when the guard is denied, ended or stopped. No thread waits for it. */
  stopped(): Promise<GuardDecision>;
  /** Calls `work` again and again, each time after the last one has ended, while the device is allowed. */
  whileAllowed(work: () => unknown): Promise<GuardDecision>;
  /** Stops the guard: from now on nothing is allowed. It is also stopped when the function that got it has ended. */
  stop(): void;

  on(event: 'end', listener: EndListener): this;
  once(event: 'end', listener: EndListener): this;
  off(event: 'end', listener: EndListener): this;
  addListener(event: 'end', listener: EndListener): this;
  removeListener(event: 'end', listener: EndListener): this;
}

/** Every error but a TypeError. The org key is in none. */
export class MachineIDError extends Error {
  protected constructor();
  /** "MID_OK" where the authority decided, otherwise the name of what failed. */
  readonly status: Status;
  /** "DEVICE_REVOKED", "device_not_found", "CLIENT_TIMEOUT" and so on. */
  readonly code: string | null;
  /** What the authority or the library says about it. */
  readonly reason: string | null;
  readonly requestId: string | null;
  /** The HTTP status of an outage, where the library tells it. */
  readonly httpStatus: number | null;
  readonly reply: Reply;
}
/** The authority said no: stop. */
export class DeniedError extends MachineIDError {}
/** The authority refused the request: an unknown key or device, `device_limit_reached`. */
export class RefusedError extends MachineIDError {}
/** There is no answer: an outage, a time-out, no connection. Stop, and try later. */
export class NoAnswerError extends MachineIDError {}
/** The client was cancelled or closed. */
export class CallCancelledError extends MachineIDError {}
/** A device, an option or an org key cannot be used, or there is no org key. */
export class InvalidError extends MachineIDError {}

/** The version of the library inside. */
export const version: string;
/** For what the library was built, and the versions of what is inside it. */
export function buildInfo(): Reply;
