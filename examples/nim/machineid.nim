## machineid.nim - the client of the MachineID authority. Needs libmachineid; Nim 1.6 or newer with --threads:on.
##
## .. code-block:: nim
##   let client = clientFromEnv(%*{"timeout_ms": 2000})
##   discard client.register("agent-01")
##   if client.allows("agent-01"): work()
##
## A `Decision` cannot be used as a condition, and the compiler does not allow a call to ignore it; `require` raises
## unless the device is allowed.
##
## A call blocks its thread until there is an answer or timeout_ms has passed. A client is freed with the last reference
## to it. Any number of threads may share its handle, as long as the client exists, and a child of fork may continue to
## use it.

import std/[json, unicode]

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
proc mid_free(json: pointer) {.importc.}
{.pop.}

proc `=destroy`(client: var ClientObject) = mid_client_free(client.handle)

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
  let reply = take(json)
  Decision(allowed: allowed == 1, status: nameOf(status), code: reply.codeOf, requestId: reply{"request_id"}.getStr,
           reply: reply)

proc validate*(client: Client, deviceId: string): Decision = client.handle.validate(deviceId)

proc allows*(client: Client | Handle, deviceId: string): bool = client.validate(deviceId).allowed
  ## May this device run now? False if anything goes wrong.

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
