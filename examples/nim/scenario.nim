## scenario.nim - every operation of machineid.nim, and the ways in which they fail.

import std/[json, posix, strformat]
import machineid

const device = "worker:prod:queue-consumer:07"

proc show(decision: Decision): string = &"{decision.status} allowed={ord(decision.allowed)}"

proc validateFour(work: tuple[client: Handle, allowed: ptr int]) {.thread.} =
  for _ in 1..4:
    if work.client.validate(device).allowed: inc work.allowed[]

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
  ## The child tells the parent by its exit status.
  flushFile(stdout)
  let child = fork()
  if child == 0: exitnow(if client.validate(device).allowed: 0 else: 1)
  let parent = client.validate(device).allowed
  var status: cint
  discard waitpid(child, status, 0)
  echo &"fork: parent {word(parent)}, child {word(status == 0)}"

template refusal(call: untyped): ref MachineIDError =
  var error: ref MachineIDError
  try: discard call
  except MachineIDError as caught: error = caught
  error

proc main() =
  echo &"version {version()}"
  let client = clientFromEnv()
  echo "register: MID_OK status=", client.register(device){"status"}.getStr
  echo "register again: MID_OK status=", client.register(device){"status"}.getStr
  var decision = client.validate(device)
  echo &"validate: {show(decision)} code={decision.code}"
  if decision.allowed: echo "work: one unit done"

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
  discard client.remove(device)
  echo "remove: MID_OK"
  echo &"remove again: {refusal(client.remove(device)).status}"

  let wrong = refusal(clientFromEnv(%*{"timeout": 1}))
  echo &"wrong option: {wrong.status} {wrong.code}"
  decision = client.validate("")
  echo &"no device: {decision.status} {decision.code}"

  let unreachable = newClient("org_runtimes", %*{"base_url": "http://127.0.0.1:1", "max_retries": 0})
  decision = unreachable.validate(device)
  echo &"unreachable: {show(decision)} {decision.code}"
  unreachable.cancel()
  echo &"cancelled: {show(unreachable.validate(device))}"

main()
