//! machineid.rs - the client of the MachineID authority. Needs libmachineid and the crate serde_json.
//!
//!     let client = Client::from_env(&json!({"timeout_ms": 2000}))?;
//!     client.register("agent-01")?;
//!     if client.allows("agent-01") {
//!         work();
//!     }
//!
//! A `Decision` cannot be used as a condition, and `require` returns an error unless the device is allowed; the
//! compiler warns when either is ignored. Copy this file as a module into a crate of edition 2021, or use this folder
//! as a crate.
//!
//! A call blocks its thread until there is an answer or `timeout_ms` has passed; in async code wrap it in
//! `spawn_blocking`. Any number of threads may share a `Client`, and a child of `fork` may continue to use it.

#![allow(dead_code)] // A program that uses this file as a module rarely needs all of it.

use serde_json::{json, Value};
use std::ffi::{CStr, CString};
use std::fmt;
use std::os::raw::{c_char, c_int};
use std::ptr::{null, null_mut};

/// The functions of machineid.h.
mod ffi {
    use super::{c_char, c_int};

    #[repr(C)]
    pub struct Client {
        _opaque: [u8; 0],
    }
    pub type Text = *const c_char;
    pub type Json = *mut *mut c_char;
    pub type OnClient = unsafe extern "C" fn(*mut Client, Json) -> i32;
    pub type OnDevice = unsafe extern "C" fn(*mut Client, Text, Json) -> i32;

    #[link(name = "machineid")]
    extern "C" {
        pub fn mid_version() -> Text;
        pub fn mid_status_name(status: i32) -> Text;
        pub fn mid_client_new(org_key: Text, options: Text, client: *mut *mut Client, json: Json) -> i32;
        pub fn mid_client_from_env(options: Text, client: *mut *mut Client, json: Json) -> i32;
        pub fn mid_client_cancel(client: *mut Client);
        pub fn mid_client_free(client: *mut Client);
        pub fn mid_register(client: *mut Client, device_id: Text, json: Json) -> i32;
        pub fn mid_validate(client: *mut Client, device_id: Text, allowed: *mut c_int, json: Json) -> i32;
        pub fn mid_list_devices(client: *mut Client, json: Json) -> i32;
        pub fn mid_revoke(client: *mut Client, device_id: Text, json: Json) -> i32;
        pub fn mid_unrevoke(client: *mut Client, device_id: Text, json: Json) -> i32;
        pub fn mid_restore(client: *mut Client, device_id: Text, json: Json) -> i32;
        pub fn mid_remove(client: *mut Client, device_id: Text, json: Json) -> i32;
        pub fn mid_usage(client: *mut Client, json: Json) -> i32;
        pub fn mid_free(json: *mut c_char);
    }
}

/// The status of a call. A later version of the library may have more statuses than are named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub i32);

impl Status {
    pub const OK: Status = Status(0);
    pub const REFUSED: Status = Status(1);
    pub const INVALID_ARGUMENT: Status = Status(100);
    pub const UNAVAILABLE: Status = Status(205);
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(static_text(unsafe { ffi::mid_status_name(self.0) }))
    }
}

/// Why there is no reply: the authority refused, or it gave no answer. `require` also returns this for a denial; the
/// status is then `Status::OK`, because the authority decided.
#[derive(Clone, Debug)]
pub struct Error {
    pub status: Status,
    pub code: String,
    pub request_id: Option<String>,
    pub message: String,
    pub reply: Value,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.status {
            Status::OK => write!(f, "not allowed: {}", self.code)?,
            status => write!(f, "{} {}: {}", status, self.code, self.message)?,
        }
        self.request_id.iter().try_for_each(|id| write!(f, " (request id {})", id))
    }
}

impl std::error::Error for Error {}

/// The result of `validate`. Gate on `allowed` and nothing else; log `status`, `code` and `request_id`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Decision {
    pub allowed: bool,
    /// `Status::OK`: the authority decided. Otherwise it did not, and nothing is allowed.
    pub status: Status,
    pub code: String,
    pub request_id: Option<String>,
    pub message: String,
    pub reply: Value,
}

/// A connection to the authority on behalf of one organisation.
pub struct Client(*mut ffi::Client);

// The library's clients are thread-safe.
unsafe impl Send for Client {}
unsafe impl Sync for Client {}

/// The version of the loaded library.
pub fn version() -> &'static str {
    static_text(unsafe { ffi::mid_version() })
}

impl Client {
    /// `options` is a JSON object, such as `json!({"timeout_ms": 2000})`, or `Value::Null`; machineid.h lists them.
    pub fn new(org_key: &str, options: &Value) -> Result<Client, Error> {
        let org_key = c_string("org_key", org_key)?;
        Client::make(options, |options, client, json| unsafe {
            ffi::mid_client_new(org_key.as_ptr(), options, client, json)
        })
    }

    /// Takes the org key from the environment variable MACHINEID_ORG_KEY.
    pub fn from_env(options: &Value) -> Result<Client, Error> {
        Client::make(options, |options, client, json| unsafe { ffi::mid_client_from_env(options, client, json) })
    }

    fn make(
        options: &Value,
        new: impl FnOnce(ffi::Text, *mut *mut ffi::Client, ffi::Json) -> i32,
    ) -> Result<Client, Error> {
        let text = c_string("options", &options.to_string())?;
        let (mut client, mut json) = (null_mut(), null_mut());
        let status = new(if options.is_null() { null() } else { text.as_ptr() }, &mut client, &mut json);
        result(Status(status), take(json)).map(|_| Client(client))
    }

    /// Ends every call in progress and every later call on this client with MID_CANCELLED. Any thread may call this.
    pub fn cancel(&self) {
        unsafe { ffi::mid_client_cancel(self.0) }
    }

    /// May this device run now? If anything goes wrong, the decision says so.
    pub fn validate(&self, device_id: &str) -> Decision {
        let (mut allowed, mut json) = (0, null_mut());
        let (status, reply) = match c_string("device_id", device_id) {
            Ok(id) => {
                let status = unsafe { ffi::mid_validate(self.0, id.as_ptr(), &mut allowed, &mut json) };
                (Status(status), take(json))
            }
            Err(error) => (error.status, error.reply),
        };
        let error = Error::new(status, reply);
        Decision {
            allowed: allowed == 1,
            status,
            code: error.code,
            request_id: error.request_id,
            message: error.message,
            reply: error.reply,
        }
    }

    /// May this device run now? `false` if anything goes wrong.
    #[must_use]
    pub fn allows(&self, device_id: &str) -> bool {
        self.validate(device_id).allowed
    }

    /// Returns the authority's reply when the device may run now. Otherwise returns an error, with the code and the
    /// request id for your log.
    pub fn require(&self, device_id: &str) -> Result<Value, Error> {
        let decision = self.validate(device_id);
        if decision.allowed {
            Ok(decision.reply)
        } else {
            Err(Error::new(decision.status, decision.reply))
        }
    }

    pub fn register(&self, device_id: &str) -> Result<Value, Error> {
        self.on_device(ffi::mid_register, device_id)
    }

    pub fn revoke(&self, device_id: &str) -> Result<Value, Error> {
        self.on_device(ffi::mid_revoke, device_id)
    }

    pub fn unrevoke(&self, device_id: &str) -> Result<Value, Error> {
        self.on_device(ffi::mid_unrevoke, device_id)
    }

    /// The same as `unrevoke`.
    pub fn restore(&self, device_id: &str) -> Result<Value, Error> {
        self.on_device(ffi::mid_restore, device_id)
    }

    pub fn remove(&self, device_id: &str) -> Result<Value, Error> {
        self.on_device(ffi::mid_remove, device_id)
    }

    pub fn list_devices(&self) -> Result<Value, Error> {
        self.on_client(ffi::mid_list_devices)
    }

    pub fn usage(&self) -> Result<Value, Error> {
        self.on_client(ffi::mid_usage)
    }

    fn on_client(&self, operation: ffi::OnClient) -> Result<Value, Error> {
        let mut json = null_mut();
        let status = unsafe { operation(self.0, &mut json) };
        result(Status(status), take(json))
    }

    fn on_device(&self, operation: ffi::OnDevice, device_id: &str) -> Result<Value, Error> {
        let id = c_string("device_id", device_id)?;
        let mut json = null_mut();
        let status = unsafe { operation(self.0, id.as_ptr(), &mut json) };
        result(Status(status), take(json))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        unsafe { ffi::mid_client_free(self.0) }
    }
}

/// Turns a `char *json` from the library into a value, and frees it. The answer is the library's flag and not this
/// text, so a reply that serde_json cannot parse becomes null.
fn take(json: *mut c_char) -> Value {
    if json.is_null() {
        return Value::Null;
    }
    let value = serde_json::from_slice(unsafe { CStr::from_ptr(json) }.to_bytes()).unwrap_or_default();
    unsafe { ffi::mid_free(json) };
    value
}

fn result(status: Status, reply: Value) -> Result<Value, Error> {
    if status == Status::OK {
        return Ok(reply);
    }
    Err(Error::new(status, reply))
}

impl Error {
    fn new(status: Status, reply: Value) -> Error {
        Error {
            status,
            code: text(&reply, "code").or_else(|| text(&reply, "error")).unwrap_or_default(),
            request_id: text(&reply, "request_id"),
            message: text(&reply, "message").unwrap_or_default(),
            reply,
        }
    }
}

fn text(reply: &Value, key: &str) -> Option<String> {
    reply[key].as_str().map(String::from)
}

/// A NUL would cut the text short, so that the call would concern another device.
fn c_string(name: &str, text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| {
        let message = format!("{} must be a string without NUL", name);
        let code = "CLIENT_INVALID_ARGUMENT";
        let reply = json!({"allowed": false, "code": code, "request_id": null, "message": message});
        Error::new(Status::INVALID_ARGUMENT, reply)
    })
}

fn static_text(text: ffi::Text) -> &'static str {
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}
