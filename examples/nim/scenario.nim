## scenario.nim - every operation of machineid.nim, and the ways in which they fail.

import std/[json, os, posix, sequtils, strformat, strutils]
import machineid

const device = "worker:prod:queue-consumer:07"

proc show(decision: Decision): string = &"{decision.status} allowed={ord(decision.allowed)}"

proc validateFour(work: tuple[client: Handle, allowed: ptr int]) {.thread.} =
  for _ in 1..4:
    if work.client.allows(device): inc work.allowed[]

proc threads(client: Client) =
  var workers: array[8, Thread[tuple[client: Handle, allowed: ptr int]]]
  var allowed: array[8, int]
  for n in 0..7: createThread(workers[n], validateFour, (client.handle, addr allowed[n]))
  joinThreads(workers)
  var total = 0
  for count in allowed: total += count
  echo &"threads: {total} of 32 allowed"

proc word(allowed: bool): string = (if allowed: "allowed" else: "denied")

proc forks(client: Client) =
  ## The child reports its result through its exit status.
  flushFile(stdout)
  let child = fork()
  if child == 0: exitnow(if client.allows(device): 0 else: 1)
  let parent = client.allows(device)
  var status: cint
  discard waitpid(child, status, 0)
  echo &"fork: parent {word(parent)}, child {word(status == 0)}"

proc refusal(call: proc ()): ref MachineIDError =
  ## This is not a template, because in one Nim 1.6 frees the error while a variable holds it.
  try: call()
  except MachineIDError as error: result = error

proc neverRegistered(client: Client) =
  ## Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
  ## may let it work. Conditions that must not compile are in misuse.nim.
  var done: seq[string]
  if client.allows("never"): done.add "allows"
  if client.validate("never").allowed: done.add "allowed"
  let error = refusal(proc () =
    client.require("never")
    done.add "require")
  echo "never registered: ", (if done.len == 0: "nothing done" else: done.join(", "))
  echo &"never registered: {error.status} {error.code} request_id={error.requestId.len} characters"

proc many(client: Client) =
  ## Asks about several devices in one call. One that cannot be asked about costs only that device its decision.
  let decisions = client.validateMany([device, "never", "", device])
  echo "many: ", decisions.mapIt($ord(it.allowed)).join(" ")
  echo "many: ", decisions.mapIt(it.code).join(" ")
  let none = client.validateMany([])
  echo "many: ", (if none.allowAll: "work" else: "none asked"), &", {none.len} decisions"
  echo "many, one never registered: ", (if client.validateMany([device, "never"]).allowAll: "work" else: "nothing done")
  doAssert client.validateMany([device, device]).allowAll

proc guards(client: Client) =
  ## Conditions that must not compile are in misuse.nim.
  let guard = client.guard(device, %*{"interval_ms": 50})
  echo "guard: ", (if guard.allowed: "on" else: "off")
  discard client.revoke(device)
  if not guard.waitUntilOff(30000): echo "guard: on 30 s after a revoke"
  let known = guard.decision
  let (code, requestId) = (known{"decision", "code"}.getStr, known{"decision", "request_id"}.getStr)
  echo "guard: ", known{"state"}.getStr, &" after a revoke, {code} request_id={requestId.len} characters"
  discard client.unrevoke(device)
  echo "guard: ", (if guard.allowed: "on" else: "still " & guard.decision{"state"}.getStr), " after an unrevoke"
  guard.stop()
  echo "guard, stopped: ", (if guard.allowed: "on" else: "off")

  echo "guard, never registered: ", (if client.guard("never").allowed: "work" else: "nothing done")

  let other = clientFromEnv()
  let cancelled = other.guard(device)
  doAssert cancelled.allowed
  other.cancel()
  echo "guard, cancelled: ", (if cancelled.allowed: "on" else: "off")

proc refused(step: string, client: Client, deviceId: string) =
  ## A bad argument must raise an argument error, the language's or the library's, which names the parameter.
  var said: string
  try:
    let decision = client.validate(deviceId)
    said = if decision.status == "MID_INVALID_ARGUMENT": decision.reply{"message"}.getStr else: "asked"
  except ValueError as error: said = error.msg
  echo step, ": ", (if "deviceId" in said or "device_id" in said: "an argument error that names it" else: said)

proc secret() =
  ## Gives a key that cannot be sent; the error must not show it.
  var said = "accepted: marker"
  try: discard newClient("org_marker\0")
  except ValueError as error: said = error.msg
  echo "secret: ", (if "marker" in said: said else: "refused, and not shown")

proc main() =
  echo &"version {version()}"
  let client = clientFromEnv()
  echo "register: MID_OK status=", client.register(device){"status"}.getStr
  echo "register again: MID_OK status=", client.register(device){"status"}.getStr
  var decision = client.validate(device)
  echo &"validate: {show(decision)} code={decision.code}"
  if client.allows(device): echo "work: one unit done"

  threads(client)
  forks(client)

  discard client.revoke(device)
  echo "revoke: MID_OK"
  decision = client.validate(device)
  echo &"validate: {show(decision)} code={decision.code} request_id={decision.requestId.len} characters"
  echo "register revoked: MID_OK status=", client.register(device){"status"}.getStr
  discard client.unrevoke(device)
  echo "unrevoke: MID_OK"
  decision = client.validate(device)
  echo &"validate: {show(decision)} code={decision.code}"
  discard client.restore(device)
  echo "restore: MID_OK"

  echo "list: MID_OK ", client.listDevices(){"devices"}.len, " device"
  echo "usage: MID_OK planTier=", client.usage(){"planTier"}.getStr
  echo "umlaut device: ", show(client.validate("wörker:prod:07"))
  neverRegistered(client)
  many(client)
  guards(client)
  discard client.remove(device)
  echo "remove: MID_OK"
  let again = refusal(proc () = discard client.remove(device))
  echo &"remove again: {again.status} {again.code} request_id={again.requestId.len} characters"

  let wrong = refusal(proc () = discard clientFromEnv(%*{"timeout": 1}))
  echo &"wrong option: {wrong.status} {wrong.code} ", (if "timeout" in wrong.msg: "timeout" else: wrong.msg)
  decision = client.validate("")
  echo &"no device: {decision.status} {decision.code}"
  refused("NUL", client, "a\0b")
  refused("surrogate", client, "w\xED\xA0\x80")

  secret()

  # The reply holds unusual numbers. Its answer counts all the same.
  let odd = newClient("org_runtimes", %*{"base_url": getEnv("MACHINEID_ODD_URL")})
  echo &"odd numbers: {show(odd.validate(device))}"

  # An outage is neither an answer nor a refusal: the next call may bring an answer.
  let outage = newClient("org_outage", %*{"base_url": getEnv("MACHINEID_OUTAGE_URL"), "max_retries": 0})
  decision = outage.validate(device)
  echo &"outage: {show(decision)} {decision.code}"
  echo &"outlived: {show(outage.validate(device))}"

  let unreachable = newClient("org_runtimes", %*{"base_url": "http://127.0.0.1:1", "max_retries": 0})
  decision = unreachable.validate(device)
  echo &"unreachable: {show(decision)} {decision.code}"
  unreachable.cancel()
  echo &"cancelled: {show(unreachable.validate(device))}"

main()
