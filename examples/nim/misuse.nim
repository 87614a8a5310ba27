## The types refuse a decision as a condition, and the compiler refuses to ignore it.
import machineid

proc work() = echo "work"

proc conditions(client: Client) =
  if client.validate("never"): work() # refused
  if not client.validate("never"): return # refused
  while client.validate("never"): work() # refused
  if client.validate("never") and true: work() # refused
  if client.require("never"): work() # refused
  client.validate("never") # refused
  client.allows("never") # refused
  if client.validateMany(["never"]): work() # refused
  client.validateMany(["never"]) # refused
  if client.guard("never"): work() # refused
  client.guard("never") # refused
  if client.allows("never"): work()
  if client.validateMany(["never"]).allowAll: work()
  while client.guard("never").allowed: work()
  if client.validate("never").allowed: work()
  client.require("never")

conditions(clientFromEnv())
