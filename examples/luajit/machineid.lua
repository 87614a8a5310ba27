-- machineid.lua - the client of the MachineID authority. Needs libmachineid, LuaJIT and lua-cjson.
--
--     local client = assert(machineid.from_env { timeout_ms = 2000 })
--     assert(client:register "agent-01")
--     if client:validate "agent-01" then work() end
--
--     local guard = assert(client:guard("agent-01", { interval_ms = 1000 }))
--     while guard:allowed() do step() end
--
-- The first result of validate and of validate_many is true or false; the table after it, like every table, is true in
-- a condition. require raises an error with the code and the request id instead. There is no guard for a device that is
-- denied, but nil and an error; a guard that is denied later is still a table, so call its allowed().
--
-- A call blocks until there is an answer or timeout_ms has passed: in OpenResty it blocks the whole worker process. A
-- client belongs to the Lua state that made it; each thread with a state of its own makes its own client. A child of
-- fork may continue to use its parent's client.

local cjson = require "cjson"
local ffi = require "ffi"

ffi.cdef [[
typedef int32_t mid_status;
typedef struct mid_client mid_client;
const char *mid_version(void);
const char *mid_status_name(mid_status status);
mid_status mid_client_new(const char *org_key, const char *options, mid_client **client, char **json);
mid_status mid_client_from_env(const char *options, mid_client **client, char **json);
void mid_client_cancel(mid_client *client);
void mid_client_free(mid_client *client);
mid_status mid_register(mid_client *client, const char *device_id, char **json);
mid_status mid_validate(mid_client *client, const char *device_id, int *allowed, char **json);
mid_status mid_list_devices(mid_client *client, char **json);
mid_status mid_revoke(mid_client *client, const char *device_id, char **json);
mid_status mid_unrevoke(mid_client *client, const char *device_id, char **json);
mid_status mid_restore(mid_client *client, const char *device_id, char **json);
mid_status mid_remove(mid_client *client, const char *device_id, char **json);
mid_status mid_usage(mid_client *client, char **json);
mid_status mid_validate_many(mid_client *client, const char *const *device_ids, size_t count, int *allowed,
                             char **json);
typedef struct mid_guard mid_guard;
mid_status mid_guard_start(mid_client *client, const char *device_id, const char *options, mid_guard **guard,
                           char **json);
int mid_guard_allowed(const mid_guard *guard);
int mid_guard_fd(mid_guard *guard);
mid_status mid_guard_wait(mid_guard *guard, int32_t timeout_ms);
mid_status mid_guard_decision(mid_guard *guard, int *allowed, char **json);
void mid_guard_stop(mid_guard *guard);
void mid_free(char *json);
]]
local C = ffi.load "libmachineid.so.0"

local Client = {}
Client.__index = Client

-- An error has status (such as "MID_REFUSED"), code, message, request_id and reply. For a denial the status is
-- "MID_OK", because the authority decided.
local Error = {}
Error.__index = Error
function Error:__tostring()
    local why = self.status == "MID_OK" and ("not allowed: %s"):format(self.code)
        or ("%s %s: %s"):format(self.status, self.code, self.message)
    return self.request_id and ("%s (request id %s)"):format(why, self.request_id) or why
end

-- A member of a reply, if it is a string. cjson represents null by a value of its own, which is true.
local function text(reply, key)
    local value = reply[key]
    return type(value) == "string" and value or nil
end

-- A NUL would cut the text short, so that the call would concern another device. The library itself refuses text that
-- is not UTF-8.
local function c_string(name, value)
    if type(value) ~= "string" then error(("%s must be a string, not %s"):format(name, type(value)), 3) end
    if value:find "%z" then error(name .. " must be a string without NUL", 3) end
    return value
end

-- Parses and frees a text from a `json` parameter. The answer is the library's flag and not this text, so a reply that
-- cjson cannot parse becomes an empty one.
local function take(json)
    if json[0] == nil then return {} end
    local copy = ffi.string(json[0])
    C.mid_free(json[0])
    local is_read, reply = pcall(cjson.decode, copy)
    return is_read and reply or {}
end

-- The reply, and the fields in it that decisions and errors have in common.
local function outcome(status, reply)
    return {
        status = type(status) == "string" and status or ffi.string(C.mid_status_name(status)),
        code = text(reply, "code") or text(reply, "error"),
        message = text(reply, "message"),
        request_id = text(reply, "request_id"),
        reply = reply,
    }
end

-- A decision. One that is not to allow has the message of assert(client:validate(id)).
local function decided(allowed, status, reply)
    local decision = outcome(status, reply)
    decision.allowed = allowed
    return allowed and decision or setmetatable(decision, Error)
end

-- The status of one device among many: the library returns one for all.
local function status_of_one(allowed, reply)
    if allowed or type(reply.allowed) == "boolean" then return "MID_OK" end
    local name = (text(reply, "code") or ""):match "^CLIENT_(.*)"
    return name and "MID_" .. name or "MID_REFUSED"
end

-- The reply, or nil and an error, as is usual in Lua.
local function result(status, json)
    local reply = take(json)
    if status == 0 then return reply end
    return nil, setmetatable(outcome(status, reply), Error)
end

local function make(new, options)
    local made, json = ffi.new "mid_client *[1]", ffi.new "char *[1]"
    local reply, problem = result(new(cjson.encode(options or {}), made, json), json)
    if not reply then return nil, problem end
    return setmetatable({ handle = ffi.gc(made[0], C.mid_client_free) }, Client)
end

-- Frees the client; otherwise the collector does so sooner or later. A call on a closed client is MID_INVALID_ARGUMENT.
function Client:close()
    if self.handle then C.mid_client_free(ffi.gc(self.handle, nil)) end
    self.handle = nil
end

-- Ends every later call on this client with MID_CANCELLED.
function Client:cancel()
    C.mid_client_cancel(self.handle)
end

-- May this device run now? Returns true or false, and the decision. If anything goes wrong, the result is false and the
-- decision says why. Its status is "MID_OK" when the authority decided.
function Client:validate(device_id)
    local id = c_string("device_id", device_id)
    local allowed, json = ffi.new "int[1]", ffi.new "char *[1]"
    local status = C.mid_validate(self.handle, id, allowed, json)
    local decision = decided(allowed[0] == 1, status, take(json))
    return decision.allowed, decision
end

-- May all of these devices run now? They are asked about together, within one timeout_ms for all. Returns true when
-- there are some and all are allowed, otherwise false; and a list with a decision for each, in their order.
function Client:validate_many(device_ids)
    local count = #device_ids
    local ids, allowed, json = ffi.new("const char *[?]", count), ffi.new("int[?]", count), ffi.new "char *[1]"
    for n, device_id in ipairs(device_ids) do ids[n - 1] = c_string("device_ids", device_id) end
    C.mid_validate_many(self.handle, ids, count, allowed, json)
    local told, all, decisions = take(json), count > 0, {}
    for n = 1, count do
        local reply = #told == count and told[n] or told
        local is_allowed = allowed[n - 1] == 1
        decisions[n] = decided(is_allowed, status_of_one(is_allowed, reply), reply)
        all = all and is_allowed
    end
    return all, decisions
end

-- Returns the decision when the device may run now. Otherwise raises it: an error with the code and the request id for
-- your log.
function Client:require(device_id)
    local allowed, decision = self:validate(device_id)
    if not allowed then error(decision, 2) end
    return decision
end

for _, name in ipairs { "register", "revoke", "unrevoke", "restore", "remove" } do
    local operation = C["mid_" .. name]
    Client[name] = function(self, device_id)
        local id, json = c_string("device_id", device_id), ffi.new "char *[1]"
        return result(operation(self.handle, id, json), json)
    end
end

for _, name in ipairs { "list_devices", "usage" } do
    local operation = C["mid_" .. name]
    Client[name] = function(self)
        local json = ffi.new "char *[1]"
        return result(operation(self.handle, json), json)
    end
end

local Guard = {}
Guard.__index = Guard

-- Starts a guard, which keeps the device's permission fresh in the background: it validates once, in this call, and
-- then every interval_ms. Returns nil and an error when the device is denied, or nobody answered.
function Client:guard(device_id, options)
    local id, text = c_string("device_id", device_id), cjson.encode(options or {})
    local made, json = ffi.new "mid_guard *[1]", ffi.new "char *[1]"
    local reply, problem = result(C.mid_guard_start(self.handle, id, text, made, json), json)
    if not reply then return nil, problem end
    local guard = setmetatable({ handle = ffi.gc(made[0], C.mid_guard_stop) }, Guard)
    if guard:allowed() then return guard end
    guard:stop()
    return nil, decided(false, "MID_OK", reply)
end

-- May the device run now? Look before each step: it takes some nanoseconds in the library, and asks nobody. In a child
-- of fork an inherited guard is off.
function Guard:allowed()
    return C.mid_guard_allowed(self.handle) == 1
end

-- A descriptor for an event loop, which becomes readable once the guard is denied or ended. Do not read or close it.
function Guard:fd()
    return C.mid_guard_fd(self.handle)
end

-- Waits until the guard is off, so long at most, and returns whether it is. A lapse may pass; a denial stays.
function Guard:wait_until_off(milliseconds)
    return C.mid_guard_wait(self.handle, milliseconds) == 0
end

-- What the guard knows, as machineid.h describes it for mid_guard_decision(): state, age_ms, decision and so on; or nil
-- and an error.
function Guard:decision()
    local allowed, json = ffi.new "int[1]", ffi.new "char *[1]"
    return result(C.mid_guard_decision(self.handle, allowed, json), json)
end

-- Stops the guard, in 250 ms at most; otherwise the collector does so sooner or later. It is off then.
function Guard:stop()
    if self.handle then C.mid_guard_stop(ffi.gc(self.handle, nil)) end
    self.handle = nil
end

local machineid = {}

-- The version of the loaded library.
function machineid.version()
    return ffi.string(C.mid_version())
end

-- A client, or nil and an error. The options are a table; machineid.h lists them.
function machineid.new(org_key, options)
    c_string("org_key", org_key)
    return make(function(...) return C.mid_client_new(org_key, ...) end, options)
end

-- The same, with the org key from the environment variable MACHINEID_ORG_KEY.
function machineid.from_env(options)
    return make(C.mid_client_from_env, options)
end

return machineid
