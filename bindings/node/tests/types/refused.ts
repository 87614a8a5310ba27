// What the types must refuse, a line each. The check gives each to tsc by itself, after the line with the import.
import { Client } from 'libmachineid'; declare const client: Client; declare const work: () => void;
if (client.validate('agent-01')) work();
if (client.whenAllowed('agent-01', work)) work();
if (client.whenAllAllowed(['agent-01'], work)) work();
if (client.guard('agent-01', work)) work();
if (client.whenAllowed) work();
client.guard('agent-01', (guard) => { if (guard.stopped()) work(); });
client.whenAllowed('agent-01');
client.guard('agent-01');
client.validate('agent-01', { allowed: work });
client.register(7);
client.register(null);
client.validateMany(['agent-01', 7], { allowed: work, otherwise: work });
client.register('agent-01', { timeoutMs: 5 });
new Client('org_key', { timeout: 5 });
