// scenario.ts - every operation of machineid.ts, and the ways in which they fail.
import { Client, type Decision, MachineIDError, version } from "./machineid.ts";

const device = "worker:prod:queue-consumer:07";
const show = (decision: Decision) => `${decision.status} allowed=${Number(decision.allowed)}`;

async function refusal(call: () => unknown): Promise<MachineIDError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof MachineIDError) return error;
    throw error;
  }
  throw new Error("that should have been refused");
}

console.log(`version ${version()}`);
{
  using client = Client.fromEnv();
  console.log(`register: MID_OK status=${(await client.register(device)).status}`);
  console.log(`register again: MID_OK status=${(await client.register(device)).status}`);
  let decision = await client.validate(device);
  console.log(`validate: ${show(decision)} code=${decision.code}`);
  if (decision.allowed) console.log("work: one unit done");

  const decisions = await Promise.all(Array.from({ length: 32 }, () => client.validate(device)));
  console.log(`threads: ${decisions.filter((one) => one.allowed).length} of 32 allowed`);

  await client.revoke(device);
  console.log("revoke: MID_OK");
  decision = await client.validate(device);
  console.log(`validate: ${show(decision)} code=${decision.code} request_id=${decision.request_id?.length} characters`);
  console.log(`register revoked: MID_OK status=${(await client.register(device)).status}`);
  await client.unrevoke(device);
  console.log("unrevoke: MID_OK");
  decision = await client.validate(device);
  console.log(`validate: ${show(decision)} code=${decision.code}`);
  await client.restore(device);
  console.log("restore: MID_OK");

  console.log(`list: MID_OK ${(await client.listDevices()).devices.length} device`);
  console.log(`usage: MID_OK planTier=${(await client.usage()).planTier}`);
  console.log(`umlaut device: ${show(await client.validate("wörker:prod:07"))}`);
  await client.remove(device);
  console.log("remove: MID_OK");
  console.log(`remove again: ${(await refusal(() => client.remove(device))).status}`);

  const wrong = await refusal(() => Client.fromEnv({ timeout: 1 }));
  console.log(`wrong option: ${wrong.status} ${wrong.code}`);
  decision = await client.validate("");
  console.log(`no device: ${decision.status} ${decision.code}`);
}
{
  using client = Client.open("org_runtimes", { base_url: "http://127.0.0.1:1", max_retries: 0 });
  const decision = await client.validate(device);
  console.log(`unreachable: ${show(decision)} ${decision.code}`);
  client.cancel();
  console.log(`cancelled: ${show(await client.validate(device))}`);
}
