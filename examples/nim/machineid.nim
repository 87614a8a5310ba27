## machineid.nim - the client of the MachineID authority. Needs libmachineid; Nim 1.6 or newer with --threads:on.
##
## .. code-block:: nim
##   let client = clientFromEnv(%*{"timeout_ms": 2000})
##   discard client.register("agent-01")
##   if client.allows("agent-01"): work()
##
##   let guard = client.guard("agent-01", %*{"interval_ms": 1000})
##   while guard.allowed: step()
##
## A `Decision` cannot be used as a condition, nor can a `Guard`, and the compiler does not allow a call to ignore one;
## `require` raises unless the device is allowed.
##
## A call blocks its thread until there is an answer or timeout_ms has passed. A client is freed with the last reference
## to it. Any number of threads may share its handle, as long as the client exists, and a child of fork may continue to
## use it.

import std/[json, sequtils, strutils, unicode]

const lib = "libmachineid.so.0"

type
  Handle* = distinct pointer
  ClientObject = object
    handle: Handle
  Client* = ref ClientObject

  Decision* = object
    ## Gate on `allowed` and nothing else. With any status except MID_OK the authority decided nothing.
    allowed*: bool
    status*, code*, requestId*: string
    reply*: JsonNode

  GuardHandle = distinct pointer
  GuardObject = object
    handle: GuardHandle
  Guard* = ref GuardObject
    ## A device's permission, kept fresh in the background. It is stopped with the last reference to it. In a child of
    ## fork it is off, and the child starts its own.

  MachineIDError* = object of CatchableError
    ## There is no reply, because the authority refused or gave no answer. `require` also raises this for a denial; the
    ## status is then MID_OK, because the authority decided.
    status*, code*, requestId*: string
    reply*: JsonNode

  Asks = proc (client: Handle, json: ptr pointer): int32 {.cdecl, gcsafe, raises: [].}
  AsksAbout = proc (client: Handle, deviceId: cstring, json: ptr pointer): int32 {.cdecl, gcsafe, raises: [].}

{.push cdecl, dynlib: lib, gcsafe, raises: [].}
proc mid_version(): cstring {.importc.}
proc mid_status_name(status: int32): cstring {.importc.}
proc mid_client_new(orgKey, options: cstring, client: ptr Handle, json: ptr pointer): int32 {.importc.}
proc mid_client_from_env(options: cstring, client: ptr Handle, json: ptr pointer): int32 {.importc.}
proc mid_client_cancel(client: Handle) {.importc.}
proc mid_client_free(client: Handle) {.importc.}
proc mid_validate(client: Handle, deviceId: cstring, allowed: ptr cint, json: ptr pointer): int32 {.importc.}
proc mid_register(client: Handle, deviceId: cstring, json: ptr pointer): int32 {.importc.}
proc mid_revoke(client: Handle, deviceId: cstring, json: ptr pointer): int32 {.importc.}
proc mid_unrevoke(client: Handle, deviceId: cstring, json: ptr pointer): int32 {.importc.}
proc mid_restore(client: Handle, deviceId: cstring, json: ptr pointer): int32 {.importc.}
proc mid_remove(client: Handle, deviceId: cstring, json: ptr pointer): int32 {.importc.}
proc mid_list_devices(client: Handle, json: ptr pointer): int32 {.importc.}
proc mid_usage(client: Handle, json: ptr pointer): int32 {.importc.}
proc mid_validate_many(client: Handle, deviceIds: cstringArray, count: csize_t, allowed: ptr cint,
                       json: ptr pointer): int32 {.importc.}
proc mid_guard_start(client: Handle, deviceId, options: cstring, guard: ptr GuardHandle,
                     json: ptr pointer): int32 {.importc.}
proc mid_guard_allowed(guard: GuardHandle): cint {.importc.}
proc mid_guard_fd(guard: GuardHandle): cint {.importc.}
proc mid_guard_wait(guard: GuardHandle, timeoutMs: int32): int32 {.importc.}
proc mid_guard_decision(guard: GuardHandle, allowed: ptr cint, json: ptr pointer): int32 {.importc.}
proc mid_guard_stop(guard: GuardHandle) {.importc.}
proc mid_free(json: pointer) {.importc.}
{.pop.}

proc `=destroy`(client: var ClientObject) = mid_client_free(client.handle)
proc `=destroy`(guard: var GuardObject) = mid_guard_stop(guard.handle)

proc version*(): string = $mid_version()

proc nameOf(status: int32): string = $mid_status_name(status)

proc take(json: pointer): JsonNode =
  ## Parses and frees a text from a json parameter. The answer is the library's flag and not this text, so a reply that
  ## std/json cannot parse becomes an empty one.
  if json == nil: return newJObject()
  defer: mid_free(json)
  try: parseJson($cast[cstring](json))
  except ValueError: newJObject()

proc codeOf(reply: JsonNode): string = reply{"code"}.getStr(reply{"error"}.getStr)

proc fail(status: string, reply: JsonNode) {.noreturn.} =
  let requestId = reply{"request_id"}.getStr
  var text = if status == "MID_OK": "not allowed: " & reply.codeOf
             else: status & " " & reply.codeOf & ": " & reply{"message"}.getStr
  if requestId != "": text.add " (request id " & requestId & ")"
  raise (ref MachineIDError)(msg: text, status: status, code: reply.codeOf, requestId: requestId, reply: reply)

proc checked(status: int32, json: pointer): JsonNode =
  result = take(json)
  if status != 0: fail(nameOf(status), result)

proc cText(name, text: string): cstring =
  ## A NUL would cut the text short, and invalid UTF-8 might become another text, so that the call would concern another
  ## device. validateUtf8 accepts surrogates, which the library refuses.
  if '\0' in text or validateUtf8(text) >= 0:
    raise newException(ValueError, name & " must be a string of UTF-8 without NUL")
  cstring(text)

proc decision(allowed: bool, status: string, reply: JsonNode): Decision =
  Decision(allowed: allowed, status: status, code: reply.codeOf, requestId: reply{"request_id"}.getStr, reply: reply)

proc newClient*(orgKey: string, options = newJObject()): Client =
  ## machineid.h lists the options.
  var json: pointer
  result = Client()
  let status = mid_client_new(cText("orgKey", orgKey), cText("options", $options), addr result.handle, addr json)
  discard checked(status, json)

proc clientFromEnv*(options = newJObject()): Client =
  ## Takes the org key from the environment variable MACHINEID_ORG_KEY.
  var json: pointer
  result = Client()
  discard checked(mid_client_from_env(cText("options", $options), addr result.handle, addr json), json)

proc handle*(client: Client): Handle = client.handle
  ## The handle for other threads. It is valid as long as the client exists.

proc cancel*(client: Client) = mid_client_cancel(client.handle)
  ## Ends every call in progress and every later call on this client with MID_CANCELLED.

proc validate*(client: Handle, deviceId: string): Decision =
  ## May this device run now? If anything goes wrong, the decision says so.
  var allowed: cint
  var json: pointer
  let status = mid_validate(client, cText("deviceId", deviceId), addr allowed, addr json)
  decision(allowed == 1, nameOf(status), take(json))

proc validate*(client: Client, deviceId: string): Decision = client.handle.validate(deviceId)

proc allows*(client: Client | Handle, deviceId: string): bool = client.validate(deviceId).allowed
  ## May this device run now? False if anything goes wrong.

proc statusOfOne(allowed: bool, reply: JsonNode): string =
  ## The status of one device among many: the library returns one for all.
  if allowed or reply.hasKey("allowed"): "MID_OK"
  elif reply.codeOf.startsWith("CLIENT_"): "MID_" & reply.codeOf.substr(len("CLIENT_"))
  else: "MID_REFUSED"

proc validateMany*(client: Handle, deviceIds: openArray[string]): seq[Decision] =
  ## May each of these devices run now? There is a decision for each, in their order. They are asked about together,
  ## within one timeout_ms for all.
  for id in deviceIds: discard cText("deviceIds", id)
  # There is room for one more, because there is no empty array in C.
  var allowed = newSeq[cint](deviceIds.len + 1)
  var json: pointer
  let ids = allocCStringArray(deviceIds)
  defer: deallocCStringArray(ids)
  discard mid_validate_many(client, ids, csize_t(deviceIds.len), addr allowed[0], addr json)
  let told = take(json)
  for n in 0..deviceIds.high:
    let reply = if told.kind == JArray: told[n] else: told
    result.add decision(allowed[n] == 1, statusOfOne(allowed[n] == 1, reply), reply)

proc validateMany*(client: Client, deviceIds: openArray[string]): seq[Decision] = client.handle.validateMany(deviceIds)

proc allowAll*(decisions: openArray[Decision]): bool = decisions.len > 0 and decisions.allIt(it.allowed)
  ## Whether there are decisions, and all of them are to allow.

proc require*(client: Client | Handle, deviceId: string): Decision {.discardable.} =
  ## Returns the decision when the device may run now. Otherwise raises MachineIDError, with the code and the request id
  ## for your log.
  result = client.validate(deviceId)
  if not result.allowed: fail(result.status, result.reply)

proc ask(client: Client, call: AsksAbout, deviceId: string): JsonNode =
  var json: pointer
  let status = call(client.handle, cText("deviceId", deviceId), addr json)
  checked(status, json)

proc ask(client: Client, call: Asks): JsonNode =
  var json: pointer
  let status = call(client.handle, addr json)
  checked(status, json)

# These return the authority's reply, or raise MachineIDError.
proc register*(client: Client, deviceId: string): JsonNode = client.ask(mid_register, deviceId)
proc revoke*(client: Client, deviceId: string): JsonNode = client.ask(mid_revoke, deviceId)
proc unrevoke*(client: Client, deviceId: string): JsonNode = client.ask(mid_unrevoke, deviceId)
proc restore*(client: Client, deviceId: string): JsonNode = client.ask(mid_restore, deviceId)
proc remove*(client: Client, deviceId: string): JsonNode = client.ask(mid_remove, deviceId)
proc listDevices*(client: Client): JsonNode = client.ask(mid_list_devices)
proc usage*(client: Client): JsonNode = client.ask(mid_usage)

proc allowed*(guard: Guard): bool = mid_guard_allowed(guard.handle) == 1
  ## May the device run now? Look before each step: it takes some nanoseconds in the library, and asks nobody.

proc stop*(guard: Guard) =
  ## Stops the guard, in 250 ms at most. It is off then. No other thread may be about to use it.
  mid_guard_stop(guard.handle)
  guard.handle = GuardHandle(nil)

proc guard*(client: Client, deviceId: string, options = newJObject()): Guard =
  ## Starts a guard: it validates once, in this call, and then every interval_ms. Raises MachineIDError when nobody
  ## answered. For a device that is denied the guard is off.
  var json: pointer
  result = Guard()
  let status = mid_guard_start(client.handle, cText("deviceId", deviceId), cText("options", $options),
                               addr result.handle, addr json)
  discard checked(status, json)

proc fd*(guard: Guard): cint = mid_guard_fd(guard.handle)
  ## A descriptor for an event loop, which becomes readable once the guard is denied or ended. Do not read or close it.

proc waitUntilOff*(guard: Guard, milliseconds: int32): bool = mid_guard_wait(guard.handle, milliseconds) == 0
  ## Waits until the guard is off, so long at most, and returns whether it is. A lapse may pass; a denial stays.

proc decision*(guard: Guard): JsonNode =
  ## What the guard knows, as machineid.h describes it for mid_guard_decision(): "state", "decision" and so on.
  var allowed: cint
  var json: pointer
  let status = mid_guard_decision(guard.handle, addr allowed, addr json)
  checked(status, json)
