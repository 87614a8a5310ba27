// What the types allow. tsc reads it with --strict, and nothing of it is run.
import { Client, DeniedError, GuardDecision, InvalidError, MachineIDError, Reply } from 'libmachineid';
import { Emulator } from 'libmachineid/testing';

export async function program(client: Client, signal: AbortSignal): Promise<void> {
  const units: number = await client.whenAllowed('agent-01', async () => 7, { signal });
  const word: string | null = await client.validate('agent-01', { allowed: () => 'worked', otherwise: () => null });
  const handlers = { allowed: () => true, otherwise: async () => false };
  const flags: boolean[] = await client.validateMany(new Set(['a', 'b']), handlers);
  const all: number = await client.whenAllAllowed(['a'], (decisions) => decisions.length);
  const end: GuardDecision = await client.guard('agent-01', async (guard) => {
    guard.on('end', ({ state, code }) => console.log(state, code)).once('end', () => {});
    guard.signal.addEventListener('abort', () => {});
    while (guard.allowed) console.log(units, word, flags, all);
    return guard.stopped();
  }, { intervalMs: 1000, maxAgeMs: 3000, signal });
  const reply: Reply = await client.register('agent-01', { signal });
  console.log(end.requestId, reply.status, client.stats().calls);
  client.cancel();
  client.close();
}

export function make(): Client {
  try {
    return Client.fromEnv({ timeoutMs: 2000, envVar: 'A_KEY' });
  } catch (error) {
    if (error instanceof InvalidError || error instanceof DeniedError) console.log(error.code?.length);
    if (error instanceof MachineIDError) console.log(error.status, error.requestId, error.reason, error.reply);
    return new Client('org_key', { baseUrl: 'http://127.0.0.1:6430', maxRetries: 0 });
  }
}

export async function testing(): Promise<void> {
  const emulator = await Emulator.start({ plan: 'free' });
  await emulator.revoke('agent-01');
  emulator.client({ timeoutMs: 50 }).close();
  await emulator.stop();
}
