/// @file machineid.hpp
/// The client of the MachineID execution authority, for C++17 and later.
///
///     auto client = machineid::client::from_env().value(); // the key is in MACHINEID_ORG_KEY
///     client.register_device("agent-01").value();
///     if (auto decision = client.validate("agent-01")) work();
///     else std::cerr << decision.error().what() << '\n';
///
/// What asks the authority returns a machineid::result, which is true in a condition only when it says yes: for
/// validate(), only when the device may run now. The compiler warns when a result is ignored. value() and require()
/// throw machineid::error; without exceptions, -fno-exceptions, they end the program instead.
///
/// A call blocks its thread until there is an answer or `timeout_ms` has passed. Any number of threads may share a
/// client or a guard, and a child of fork() may go on with a client. As with any object, no thread may be about to use
/// one while it is destroyed, assigned to or moved from: let them end first.
///
/// README.md has more, and machineid.h what the library promises.
#ifndef MACHINEID_HPP
#define MACHINEID_HPP

#include "machineid/client.hpp"
#include "machineid/error.hpp"
#include "machineid/guard.hpp"
#include "machineid/json.hpp"
#include "machineid/options.hpp"
#include "machineid/result.hpp"

namespace machineid {

/// The version of the library that the program runs with, such as "0.1.0". MID_VERSION is that of these headers.
inline std::string version() { return mid_version(); }

/// What the library is, and what it has inside, as machineid.h describes it for mid_build_info().
inline reply build_info() { return reply(mid_build_info()); }

} // namespace machineid

#endif
