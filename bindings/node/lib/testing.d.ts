/** An authority for tests. */
import { Client, ClientOptions } from './index';

/** Runs `machineid-emulator`: the program that the variable MACHINEID_EMULATOR names, or the one on PATH. */
export class Emulator {
  private constructor();
  /** Starts it on a free port. Its organisation has one key and, unless another plan is given, "pro". */
  static start(options?: { orgKey?: string; plan?: string }): Promise<Emulator>;
  readonly url: string;
  readonly orgKey: string;
  /** A client of its organisation. */
  client(options?: ClientOptions): Client;
  register(deviceId: string): Promise<void>;
  revoke(deviceId: string): Promise<void>;
  unrevoke(deviceId: string): Promise<void>;
  /** From now on it answers every request with this HTTP status, by default 503. */
  outage(httpStatus?: number): Promise<void>;
  /** Ends the outage. */
  recover(): Promise<void>;
  /** From now on it takes connections and does not answer. */
  pause(): void;
  /** It answers again, also what it was asked meanwhile. */
  resume(): void;
  /** Ends it. */
  stop(): Promise<void>;
}
