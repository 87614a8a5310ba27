-- gate.lua - works only when the authority allows it. Exit status: 0 it worked, 1 it was not allowed to.
local ffi = require "ffi"

-- As in machineid.h. An owned char * stays one: a text of the language would be a copy, and the text itself be lost.
ffi.cdef [[
typedef int32_t mid_status;
typedef struct mid_client mid_client;
mid_status mid_client_from_env(const char *options, mid_client **client, char **json);
mid_status mid_register(mid_client *client, const char *device_id, char **json);
mid_status mid_validate(mid_client *client, const char *device_id, int *allowed, char **json);
const char *mid_status_name(mid_status status);
void mid_client_free(mid_client *client);
void mid_free(char *json);
]]
local mid = ffi.load "libmachineid.so.0"
local MID_OK = 0

local device = os.getenv "MACHINEID_DEVICE_ID" or "agent-01"
local client, json, allowed = ffi.new "mid_client *[1]", ffi.new "char *[1]", ffi.new "int[1]"

local status = mid.mid_client_from_env(nil, client, json)
if status == MID_OK then status = mid.mid_register(client[0], device, json) end
if status == MID_OK then
    mid.mid_free(json[0])
    status = mid.mid_validate(client[0], device, allowed, json)
end

local worked = allowed[0] == 1
if worked then
    print "working"
else
    io.stderr:write(("not allowed: %s %s\n"):format(ffi.string(mid.mid_status_name(status)), ffi.string(json[0])))
end

mid.mid_free(json[0])
mid.mid_client_free(client[0])
os.exit(worked and 0 or 1)
