//! May this device run now? The client of the MachineID execution authority, which fails closed.
//!
//! ```no_run
//! use machineid::Client;
//! # fn work() {}
//! # fn main() -> Result<(), machineid::Error> {
//! let client = Client::from_env()?;
//! client.register("agent-01")?;
//! if client.validate("agent-01")?.is_allowed() {
//!     work();
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # A denial is an error
//! [`Client::validate`] returns a [`Decision`] only when the device may run now. A denial is an [`Error`], whose
//! [`is_denied`](Error::is_denied) is true, and so is everything else that is not an allow. So `?`, `is_ok()`,
//! `if let Ok(_)` and `is_allowed()` are all right, and none of them lets a denied device work. Of many devices,
//! [`Decisions::all_allowed`] is true when there are some and all may run.
//!
//! # What blocks
//! Every method of [`Client`] that asks the authority, and [`Client::guard`], block their thread until there is an
//! answer or the timeout has passed. In asynchronous code call them in your runtime's `spawn_blocking`.
//! [`Guard::is_allowed`] takes some nanoseconds, and [`Guard::stopped`] is a future that needs no runtime.
//! Dropping a client or a guard takes 250 ms at most.
//!
//! # Threads and processes
//! [`Client`] and [`Guard`] are `Send` and `Sync`: share them by reference or in an `Arc`. After `fork` the child may
//! use its parent's client; guards are ended there, and others may be started on the same client.
//!
//! # Secrets
//! The org key is in no error, in no `Debug` and in no reply.

#![warn(missing_docs)]

mod client;
mod error;
mod guard;
mod json;
mod options;
mod reply;
mod stopped;
pub mod testing;
mod watcher;

pub use client::{Client, Decisions};
pub use error::{Error, ErrorKind};
pub use guard::{Guard, GuardReport, GuardState};
pub use json::Value;
pub use options::{Builder, GuardOptions};
pub use reply::{Decision, Reply};
pub use stopped::Stopped;

/// What every method that may fail returns.
pub type Result<T> = std::result::Result<T, Error>;

/// The version of the loaded library, such as "0.1.0".
#[must_use]
pub fn version() -> &'static str {
    reply::static_text(unsafe { machineid_sys::mid_version() })
}

/// What the loaded library is, and which libraries it works with, as machineid.h describes it for `mid_build_info`.
#[must_use]
pub fn build_info() -> Reply {
    Reply::from_text(reply::static_text(unsafe { machineid_sys::mid_build_info() }).to_string())
}
