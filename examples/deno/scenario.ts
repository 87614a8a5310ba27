// scenario.ts - every operation of machineid.ts, and the ways in which they fail.
import { Client, type Decision, type Guard, MachineIDError, version } from "./machineid.ts";

const device = "worker:prod:queue-consumer:07";
type Outcome = { isAllow: true; status: string; code?: string; request_id?: string } | MachineIDError;
const show = (outcome: Outcome) => `${outcome.status} allowed=${Number(!(outcome instanceof MachineIDError))}`;

/** The result for a device, allowed or not. It is true in a condition, so it is only for printing. */
function outcome(client: Client, id: string): Promise<Outcome> {
  const told = ({ status, code, request_id }: Decision): Outcome => ({ isAllow: true, status, code, request_id });
  return client.whenAllowed(id, told).catch((error) => {
    if (error instanceof MachineIDError) return error;
    throw error;
  });
}

/**
 * Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
 * let it work. The @ts-expect-error comments show that the compiler refuses them: such a comment is an error where
 * there is nothing to refuse. JavaScript runs them all the same.
 */
async function neverRegistered(client: Client) {
  const done: string[] = [];
  const mistakes: (() => unknown)[] = [
    () => client.isAllowedSync("never") && done.push("and"),
    () => {
      if (client.isAllowedSync("never")) done.push("if isAllowedSync");
    },
    () => {
      // @ts-expect-error work is missing
      if (client.whenAllowed("never")) done.push("if whenAllowed");
    },
    () => {
      // @ts-expect-error there is no validate()
      if (client.validate("never")) done.push("if validate");
    },
    () => {
      // @ts-expect-error there is no validate()
      if (client.validate) done.push("if validate without a call");
    },
    () => client.whenAllowed("never", () => done.push("whenAllowed")),
  ];
  for (const mistake of mistakes) {
    try {
      await mistake();
    } catch (error) {
      expected(error);
    }
  }
  // @ts-expect-error TypeScript reports that this condition is always true
  if (client.whenAllowed("never", () => done.push("work")).catch(() => {})) await 0;
  console.log(`never registered: ${done.join(", ") || "nothing done"}`);
  const problem = await outcome(client, "never");
  const length = problem.request_id?.length;
  console.log(`never registered: ${problem.status} ${problem.code} request_id=${length} characters`);
}

/** Asks about several devices in one call. One that cannot be asked about costs only that device its decision. */
async function many(client: Client) {
  const told = { allowed: (one: Decision) => ["1", one.code], otherwise: (one: MachineIDError) => ["0", one.code] };
  const outcomes = await client.validateMany([device, "never", "", device], told);
  console.log(`many: ${outcomes.map(([flag]) => flag).join(" ")}`);
  console.log(`many: ${outcomes.map(([, code]) => code).join(" ")}`);
  const done: string[] = [];
  const none = await client.validateMany([], told);
  await client.whenAllAllowed([], () => done.push("work")).catch(expected);
  console.log(`many: ${done.join(", ") || "none asked"}, ${none.length} decisions`);
  await client.whenAllAllowed([device, "never"], () => done.push("whenAllAllowed")).catch(expected);
  const mistakes: (() => unknown)[] = [
    // @ts-expect-error work is missing
    () => client.whenAllAllowed([device, "never"]),
    // @ts-expect-error the functions are missing
    () => client.validateMany([device, "never"]),
  ];
  for (const mistake of mistakes) {
    try {
      if (mistake()) done.push("if");
    } catch (error) {
      expected(error);
    }
  }
  console.log(`many, one never registered: ${done.join(", ") || "nothing done"}`);
  await client.whenAllAllowed([device, device], () => {});
}

/** A guard for a device that is denied is an error, and a guard is given to the work alone. */
async function guards(client: Client) {
  let kept: Guard | undefined;
  await client.guard(device, async (guard) => {
    kept = guard;
    console.log(`guard: ${onOrOff(guard)}`);
    const off = guard.whenOff();
    await client.revoke(device);
    await off;
    const { state, decision } = guard.decision();
    console.log(`guard: ${state} after a revoke, ${decision.code} request_id=${decision.request_id.length} characters`);
    await client.unrevoke(device);
    console.log(`guard: ${guard.allowed ? "on" : `still ${guard.decision().state}`} after an unrevoke`);
  }, { interval_ms: 50 });
  console.log(`guard, stopped: ${kept && onOrOff(kept)}`);

  const done: string[] = [];
  const problem = await refusal(() => client.guard("never", () => done.push("guard")));
  if (problem.code !== "DEVICE_NOT_REGISTERED") throw problem;
  try {
    // @ts-expect-error work is missing
    if (client.guard("never")) done.push("if guard");
  } catch (error) {
    expected(error);
  }
  console.log(`guard, never registered: ${done.join(", ") || "nothing done"}`);

  using other = Client.fromEnv();
  await other.guard(device, (cancelled) => {
    other.cancel();
    console.log(`guard, cancelled: ${onOrOff(cancelled)}`);
  });
}

const onOrOff = (guard: Guard) => guard.allowed ? "on" : "off";

/** Mistakes are one of these errors. */
function expected(error: unknown) {
  if (!(error instanceof TypeError || error instanceof MachineIDError)) throw error;
}

/** A bad argument must raise the language's argument error, which names the parameter. */
async function refused(step: string, client: Client, device: unknown) {
  const id = device as string;
  const calls = [() => client.isAllowedSync(id), () => client.whenAllowed(id, () => {}), () => client.register(id)];
  const said = new Set<string>();
  for (const call of calls) {
    try {
      await call();
      said.add("asked");
    } catch (error) {
      const isIt = error instanceof TypeError && error.message.includes("device");
      said.add(isIt ? "an argument error that names it" : String(error));
    }
  }
  console.log(`${step}: ${[...said].join(", ")}`);
}

/** Work that returns the decision must be refused: a promise of it would be true in a condition. */
async function handedOut(client: Client) {
  for (const work of [(decision: Decision) => decision, (decision: Decision) => Promise.resolve(decision)]) {
    try {
      await client.whenAllowed<unknown>(device, work);
    } catch (error) {
      if (error instanceof TypeError) continue;
      throw error;
    }
    throw new Error("whenAllowed gives the decision");
  }
}

/** Gives a key that cannot be sent; the error must not show it. */
function secret() {
  const shown = ["org_marker\0", "org_marker\ud800", ["org_marker"], { org_marker: 1 }].map((key) => {
    try {
      Client.open(key as string)[Symbol.dispose]();
      return "accepted: marker";
    } catch (error) {
      return String(error);
    }
  }).filter((said) => said.includes("marker"));
  console.log(`secret: ${shown.join(", ") || "refused, and not shown"}`);
}

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
  let decision = await outcome(client, device);
  console.log(`validate: ${show(decision)} code=${decision.code}`);
  await client.whenAllowed(device, () => console.log("work: one unit done"));
  await handedOut(client);

  const decisions = await Promise.all(Array.from({ length: 32 }, () => outcome(client, device)));
  console.log(`threads: ${decisions.filter((one) => !(one instanceof MachineIDError)).length} of 32 allowed`);

  await client.revoke(device);
  console.log("revoke: MID_OK");
  decision = await outcome(client, device);
  console.log(`validate: ${show(decision)} code=${decision.code} request_id=${decision.request_id?.length} characters`);
  console.log(`register revoked: MID_OK status=${(await client.register(device)).status}`);
  await client.unrevoke(device);
  console.log("unrevoke: MID_OK");
  decision = await outcome(client, device);
  console.log(`validate: ${show(decision)} code=${decision.code}`);
  await client.restore(device);
  console.log("restore: MID_OK");

  console.log(`list: MID_OK ${(await client.listDevices()).devices.length} device`);
  console.log(`usage: MID_OK planTier=${(await client.usage()).planTier}`);
  console.log(`umlaut device: ${show(await outcome(client, "wörker:prod:07"))}`);
  await neverRegistered(client);
  await many(client);
  await guards(client);
  await client.remove(device);
  console.log("remove: MID_OK");
  const again = await refusal(() => client.remove(device));
  console.log(`remove again: ${again.status} ${again.code} request_id=${again.request_id?.length} characters`);

  const wrong = await refusal(() => Client.fromEnv({ timeout: 1 }));
  console.log(`wrong option: ${wrong.status} ${wrong.code} ${/timeout/.exec(wrong.message)}`);
  decision = await outcome(client, "");
  console.log(`no device: ${decision.status} ${decision.code}`);
  await refused("NUL", client, "a\0b");
  await refused("surrogate", client, "w\ud800");
  await refused("null", client, null);
  secret();
}
{
  // The reply holds unusual numbers. Its answer counts all the same.
  using client = Client.open("org_runtimes", { base_url: Deno.env.get("MACHINEID_ODD_URL") });
  console.log(`odd numbers: ${show(await outcome(client, device))}`);
}
{
  // An outage is neither an answer nor a refusal: the next call may bring an answer.
  using client = Client.open("org_outage", { base_url: Deno.env.get("MACHINEID_OUTAGE_URL"), max_retries: 0 });
  const decision = await outcome(client, device);
  console.log(`outage: ${show(decision)} ${decision.code}`);
  console.log(`outlived: ${show(await outcome(client, device))}`);
}
{
  using client = Client.open("org_runtimes", { base_url: "http://127.0.0.1:1", max_retries: 0 });
  const decision = await outcome(client, device);
  console.log(`unreachable: ${show(decision)} ${decision.code}`);
  client.cancel();
  console.log(`cancelled: ${show(await outcome(client, device))}`);
}
