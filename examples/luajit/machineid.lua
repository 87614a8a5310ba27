-- machineid.lua - the client of the MachineID authority. Needs libmachineid, LuaJIT and lua-cjson.
--
--     local client = assert(machineid.from_env { timeout_ms = 2000 })
--     assert(client:register "agent-01")
--     if client:validate "agent-01" then work() end
--
-- The first result of validate is true or false; the table after it, like every table, is true in a condition. require
-- raises an error with the code and the request id instead.
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
        status = ffi.string(C.mid_status_name(status)),
        code = text(reply, "code") or text(reply, "error"),
        message = text(reply, "message"),
        request_id = text(reply, "request_id"),
        reply = reply,
    }
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
    local decision = outcome(status, take(json))
    decision.allowed = allowed[0] == 1
    if not decision.allowed then setmetatable(decision, Error) end -- The message of assert(client:validate(id)).
    return decision.allowed, decision
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
