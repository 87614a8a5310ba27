//! The functions of `machineid.h`, as they are in C. The crate `machineid` is made of them; use that one.
//!
//! `machineid.h` says what each function does, who frees what, and which thread may call what.
//!
//! The features and environment variables that choose the library are in this crate's README.

#![allow(non_camel_case_types)]
#![warn(missing_docs)]

use std::marker::{PhantomData, PhantomPinned};
use std::os::raw::{c_char, c_int};

/// A connection to one authority for one organisation.
#[repr(C)]
pub struct mid_client {
    _opaque: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// A guard for one device.
#[repr(C)]
pub struct mid_guard {
    _opaque: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// What a call came to. More may come: treat an unknown one as no answer.
pub type mid_status = i32;

/// The authority answered, for `mid_validate` with a decision.
pub const MID_OK: mid_status = 0;
/// The authority answered with an API error.
pub const MID_REFUSED: mid_status = 1;
/// NULL where it must not be, or an org key or a device id that cannot be sent.
pub const MID_INVALID_ARGUMENT: mid_status = 100;
/// Options that are not JSON, or an unknown key, a wrong type or a bad value.
pub const MID_INVALID_OPTIONS: mid_status = 101;
/// The variable with the org key is not set, blank, or may not be read.
pub const MID_NO_ORG_KEY: mid_status = 102;
/// The host name of the authority or the proxy was not found.
pub const MID_RESOLVE_FAILED: mid_status = 200;
/// Refused, unreachable, too slow, or turned away by the proxy.
pub const MID_CONNECT_FAILED: mid_status = 201;
/// Certificate, host name, pin or handshake does not fit.
pub const MID_TLS_FAILED: mid_status = 202;
/// The connection broke before the reply was complete.
pub const MID_TRANSFER_FAILED: mid_status = 203;
/// `timeout_ms` passed first.
pub const MID_TIMEOUT: mid_status = 204;
/// An outage: HTTP 408, 429 or 5xx, to the last try too.
pub const MID_UNAVAILABLE: mid_status = 205;
/// What came back is not an answer.
pub const MID_BAD_REPLY: mid_status = 300;
/// The client was cancelled or freed; in a child, the process was forked.
pub const MID_CANCELLED: mid_status = 400;
/// Memory was refused.
pub const MID_OUT_OF_MEMORY: mid_status = 401;
/// The system or a library below refused what is needed.
pub const MID_INTERNAL: mid_status = 402;

#[allow(missing_docs)] // machineid.h has the documentation.
extern "C" {
    pub fn mid_version() -> *const c_char;
    pub fn mid_version_number() -> i32;
    pub fn mid_build_info() -> *const c_char;
    pub fn mid_status_name(status: mid_status) -> *const c_char;

    pub fn mid_client_new(
        org_key: *const c_char,
        options: *const c_char,
        client: *mut *mut mid_client,
        json: *mut *mut c_char,
    ) -> mid_status;
    pub fn mid_client_from_env(
        options: *const c_char,
        client: *mut *mut mid_client,
        json: *mut *mut c_char,
    ) -> mid_status;
    pub fn mid_client_cancel(client: *mut mid_client);
    pub fn mid_client_stats(client: *mut mid_client, json: *mut *mut c_char) -> mid_status;
    pub fn mid_client_free(client: *mut mid_client);

    pub fn mid_register(client: *mut mid_client, device_id: *const c_char, json: *mut *mut c_char) -> mid_status;
    pub fn mid_validate(
        client: *mut mid_client,
        device_id: *const c_char,
        allowed: *mut c_int,
        json: *mut *mut c_char,
    ) -> mid_status;
    pub fn mid_validate_many(
        client: *mut mid_client,
        device_ids: *const *const c_char,
        count: usize,
        allowed: *mut c_int,
        json: *mut *mut c_char,
    ) -> mid_status;
    pub fn mid_list_devices(client: *mut mid_client, json: *mut *mut c_char) -> mid_status;
    pub fn mid_revoke(client: *mut mid_client, device_id: *const c_char, json: *mut *mut c_char) -> mid_status;
    pub fn mid_unrevoke(client: *mut mid_client, device_id: *const c_char, json: *mut *mut c_char) -> mid_status;
    pub fn mid_restore(client: *mut mid_client, device_id: *const c_char, json: *mut *mut c_char) -> mid_status;
    pub fn mid_remove(client: *mut mid_client, device_id: *const c_char, json: *mut *mut c_char) -> mid_status;
    pub fn mid_usage(client: *mut mid_client, json: *mut *mut c_char) -> mid_status;

    pub fn mid_guard_start(
        client: *mut mid_client,
        device_id: *const c_char,
        options: *const c_char,
        guard: *mut *mut mid_guard,
        json: *mut *mut c_char,
    ) -> mid_status;
    pub fn mid_guard_allowed(guard: *const mid_guard) -> c_int;
    pub fn mid_guard_fd(guard: *mut mid_guard) -> c_int;
    pub fn mid_guard_wait(guard: *mut mid_guard, timeout_ms: i32) -> mid_status;
    pub fn mid_guard_decision(guard: *mut mid_guard, allowed: *mut c_int, json: *mut *mut c_char) -> mid_status;
    pub fn mid_guard_stop(guard: *mut mid_guard);

    pub fn mid_free(json: *mut c_char);
}
