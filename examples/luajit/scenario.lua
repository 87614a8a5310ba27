-- scenario.lua - every operation of machineid.lua, and the ways in which they fail.

local ffi = require "ffi"
local machineid = require "machineid"

local DEVICE = "worker:prod:queue-consumer:07"

local function printf(...) print(string.format(...)) end

local function flag(allowed) return allowed and 1 or 0 end

local function word(allowed) return allowed and "allowed" or "denied" end

-- The child reports its result through its exit status.
ffi.cdef [[
int fork(void);
int waitpid(int pid, int *status, int options);
void _exit(int status);
]]
local function fork(client)
    io.stdout:flush()
    local child = ffi.C.fork()
    if child == 0 then ffi.C._exit(client:validate(DEVICE) and 0 or 1) end
    local parent, ended = client:validate(DEVICE), ffi.new("int[1]", -1)
    ffi.C.waitpid(child, ended, 0)
    printf("fork: parent %s, child %s", word(parent), word(ended[0] == 0))
end

-- Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
-- let it work.
local function never_registered(client)
    local done = {}
    if client:validate "never" then done[#done + 1] = "if" end
    if not client:validate "never" then else done[#done + 1] = "not" end
    local decision = client:validate "never"
    if decision then done[#done + 1] = "local" end
    done[#done + 1] = client:validate "never" and "and" or nil
    if pcall(function() assert(client:validate "never") end) then done[#done + 1] = "assert" end
    local required, problem = pcall(client.require, client, "never")
    if required then done[#done + 1] = "require" end
    printf("never registered: %s", #done == 0 and "nothing done" or table.concat(done, ", "))
    printf("never registered: %s %s request_id=%d characters", problem.status, problem.code, #problem.request_id)
    assert(tostring(problem):find("not allowed", 1, true) and tostring(problem):find(problem.request_id, 1, true))
end

-- Asks about several devices in one call. One that cannot be asked about costs only that device its decision.
local function many(client)
    local _, decisions = client:validate_many { DEVICE, "never", "", DEVICE }
    local flags, codes = {}, {}
    for n, decision in ipairs(decisions) do flags[n], codes[n] = flag(decision.allowed), decision.code end
    printf("many: %s", table.concat(flags, " "))
    printf("many: %s", table.concat(codes, " "))
    local all, none = client:validate_many {}
    printf("many: %s, %d decisions", all and "work" or "none asked", #none)
    local done = {}
    if client:validate_many { DEVICE, "never" } then done[#done + 1] = "if" end
    all = client:validate_many { DEVICE, "never" }
    if all then done[#done + 1] = "local" end
    printf("many, one never registered: %s", #done == 0 and "nothing done" or table.concat(done, ", "))
    assert(client:validate_many { DEVICE, DEVICE })
end

-- There is no guard for a device that is denied, so that no condition on one is true.
local function guards(client)
    local guard = assert(client:guard(DEVICE, { interval_ms = 50 }))
    printf("guard: %s", guard:allowed() and "on" or "off")
    assert(client:revoke(DEVICE))
    if not guard:wait_until_off(30000) then print "guard: on 30 s after a revoke" end
    local known = guard:decision()
    printf("guard: %s after a revoke, %s request_id=%d characters",
        known.state, known.decision.code, #known.decision.request_id)
    assert(client:unrevoke(DEVICE))
    printf("guard: %s after an unrevoke", guard:allowed() and "on" or "still " .. guard:decision().state)
    guard:stop()
    printf("guard, stopped: %s", guard:allowed() and "on" or "off")

    local done = {}
    if client:guard "never" then done[#done + 1] = "if" end
    local denied, problem = client:guard "never"
    if denied then done[#done + 1] = "local" end
    assert(problem.code == "DEVICE_NOT_REGISTERED")
    printf("guard, never registered: %s", #done == 0 and "nothing done" or table.concat(done, ", "))

    local other = assert(machineid.from_env())
    local cancelled = assert(other:guard(DEVICE))
    other:cancel()
    printf("guard, cancelled: %s", cancelled:allowed() and "on" or "off")
    cancelled:stop()
    other:close()
end

-- A bad argument must raise the language's argument error, which names the parameter.
local function refused(step, client, device_id)
    local asked, problem = pcall(client.validate, client, device_id)
    local is_it = not asked and problem:find("device_id", 1, true)
    printf("%s: %s", step, is_it and "an argument error that names it" or problem)
end

-- Gives a key that cannot be sent; the error must not show it.
local function secret()
    local shown = {}
    for _, key in ipairs { "org_marker\0", { "org_marker" }, true } do
        local made, problem = pcall(machineid.new, key)
        if made or problem:find "marker" then shown[#shown + 1] = made and "accepted" or problem end
    end
    printf("secret: %s", #shown == 0 and "refused, and not shown" or table.concat(shown, ", "))
end

print("version " .. machineid.version())
local client = assert(machineid.from_env())

printf("register: MID_OK status=%s", assert(client:register(DEVICE)).status)
printf("register again: MID_OK status=%s", assert(client:register(DEVICE)).status)
local allowed, decision = client:validate(DEVICE)
printf("validate: %s allowed=%d code=%s", decision.status, flag(allowed), decision.code)
if allowed then print "work: one unit done" end

fork(client)

assert(client:revoke(DEVICE))
print "revoke: MID_OK"
allowed, decision = client:validate(DEVICE)
printf("validate: %s allowed=%d code=%s request_id=%d characters",
    decision.status, flag(allowed), decision.code, #decision.request_id)
printf("register revoked: MID_OK status=%s", assert(client:register(DEVICE)).status)
assert(client:unrevoke(DEVICE))
print "unrevoke: MID_OK"
allowed, decision = client:validate(DEVICE)
printf("validate: %s allowed=%d code=%s", decision.status, flag(allowed), decision.code)
assert(client:restore(DEVICE))
print "restore: MID_OK"

printf("list: MID_OK %d device", #assert(client:list_devices()).devices)
printf("usage: MID_OK planTier=%s", assert(client:usage()).planTier)
allowed, decision = client:validate "wörker:prod:07"
printf("umlaut device: %s allowed=%d", decision.status, flag(allowed))
never_registered(client)
many(client)
guards(client)
assert(client:remove(DEVICE))
print "remove: MID_OK"
local reply, problem = client:remove(DEVICE)
printf("remove again: %s %s request_id=%d characters",
    reply and "MID_OK" or problem.status, problem.code, #problem.request_id)

local other
other, problem = machineid.from_env { timeout = 1 }
printf("wrong option: %s %s %s", other and "MID_OK" or problem.status, problem.code, problem.message:match "timeout")
allowed, decision = client:validate ""
printf("no device: %s %s", decision.status, decision.code)
refused("NUL", client, "a\0b")
allowed, decision = client:validate "w\237\160\128" -- half of a surrogate pair
local is_it = decision.status == "MID_INVALID_ARGUMENT" and decision.message:find("device_id", 1, true)
printf("surrogate: %s", not allowed and is_it and "an argument error that names it" or decision.message)
refused("null", client, nil)
secret()
client:close()

-- The reply holds unusual numbers. Its answer counts all the same.
local odd = assert(machineid.new("org_runtimes", { base_url = os.getenv "MACHINEID_ODD_URL" }))
allowed, decision = odd:validate(DEVICE)
printf("odd numbers: %s allowed=%d", decision.status, flag(allowed))
odd:close()

-- An outage is neither an answer nor a refusal: the next call may bring an answer.
local out = assert(machineid.new("org_outage", { base_url = os.getenv "MACHINEID_OUTAGE_URL", max_retries = 0 }))
allowed, decision = out:validate(DEVICE)
printf("outage: %s allowed=%d %s", decision.status, flag(allowed), decision.code)
allowed, decision = out:validate(DEVICE)
printf("outlived: %s allowed=%d", decision.status, flag(allowed))
out:close()

local unreachable = assert(machineid.new("org_runtimes", { base_url = "http://127.0.0.1:1", max_retries = 0 }))
allowed, decision = unreachable:validate(DEVICE)
printf("unreachable: %s allowed=%d %s", decision.status, flag(allowed), decision.code)
unreachable:cancel()
allowed, decision = unreachable:validate(DEVICE)
printf("cancelled: %s allowed=%d", decision.status, flag(allowed))
unreachable:close()
