use crate::guard::Guard;
use crate::json::{self, Value};
use crate::options::{Builder, GuardOptions};
use crate::reply::{Decision, Reply, Text};
use crate::{Error, Result};
use machineid_sys as ffi;
use std::ffi::CString;
use std::fmt;
use std::ops::Deref;
use std::os::raw::{c_char, c_int};
use std::ptr::{null, null_mut, NonNull};

/// A connection to the authority on behalf of one organisation. Threads share it, by reference or in an `Arc`.
///
/// Dropping it ends its guards.
///
/// A decision is no condition, and neither is an error:
///
/// ```compile_fail
/// # fn f(client: &machineid::Client) {
/// if client.validate("agent-01") {}
/// # }
/// ```
///
/// ```compile_fail
/// # fn f(client: &machineid::Client) -> machineid::Result<()> {
/// if client.validate("agent-01")? {}
/// # Ok(())
/// # }
/// ```
pub struct Client(NonNull<ffi::mid_client>);

// machineid.h: any number of threads may use a client at once.
unsafe impl Send for Client {}
unsafe impl Sync for Client {}

type OnDevice = unsafe extern "C" fn(*mut ffi::mid_client, *const c_char, *mut *mut c_char) -> ffi::mid_status;
type OnClient = unsafe extern "C" fn(*mut ffi::mid_client, *mut *mut c_char) -> ffi::mid_status;

impl Client {
    /// A client with this org key, `org_...`. [`Builder::build`] makes it.
    pub fn builder(org_key: &str) -> Builder {
        Builder::new(Some(org_key.to_string()))
    }

    /// A client with the org key in the environment variable `MACHINEID_ORG_KEY`, or in the file that
    /// `MACHINEID_ORG_KEY_FILE` names. `MACHINEID_BASE_URL` stands in for [`Builder::base_url`]. [`Builder::build`]
    /// makes it.
    pub fn builder_from_env() -> Builder {
        Builder::new(None)
    }

    /// Makes a client with the org key in the environment variable `MACHINEID_ORG_KEY`, or in the file that
    /// `MACHINEID_ORG_KEY_FILE` names, and no options.
    pub fn from_env() -> Result<Client> {
        Client::builder_from_env().build()
    }

    pub(crate) fn make(org_key: Option<&str>, options: &str) -> Result<Client> {
        let org_key = org_key.map(|key| c_string("org_key", key)).transpose()?;
        let options = c_string("options", options)?;
        let (mut client, mut json) = (null_mut(), Text::new());
        let status = match org_key {
            Some(key) => unsafe { ffi::mid_client_new(key.as_ptr(), options.as_ptr(), &mut client, json.place()) },
            None => unsafe { ffi::mid_client_from_env(options.as_ptr(), &mut client, json.place()) },
        };
        match NonNull::new(client) {
            Some(client) if status == ffi::MID_OK => Ok(Client(client)),
            _ => Err(Error::new(status, json.reply())),
        }
    }

    /// May this device run now? It is `Ok` only when it may. A denial is an [`Error`] with the code and the request id
    /// for your log, of the kind [`Denied`](crate::ErrorKind::Denied).
    pub fn validate(&self, device_id: &str) -> Result<Decision> {
        let id = c_string("device_id", device_id)?;
        let (mut allowed, mut json) = (0, Text::new());
        let status = unsafe { ffi::mid_validate(self.0.as_ptr(), id.as_ptr(), &mut allowed, json.place()) };
        decide(status, allowed, json.reply())
    }

    /// May this device run now? It is false where it may not, and where anything goes wrong.
    #[must_use]
    pub fn allows(&self, device_id: &str) -> bool {
        self.validate(device_id).map_or(false, |decision| decision.is_allowed())
    }

    /// May each of these devices run now? There is one result for each, in their order, as [`Client::validate`] would
    /// have returned it. All together have one timeout: 10,000 devices have 64 ms each by default.
    ///
    /// Where the call fails as a whole, because the client is cancelled, or memory or a descriptor is refused, each
    /// device has that error.
    pub fn validate_many<S: AsRef<str>>(&self, device_ids: &[S]) -> Decisions {
        let ids: Vec<_> = device_ids.iter().map(|id| c_string("device_id", id.as_ref())).collect();
        // A device id that cannot be sent costs only that device its decision.
        let pointers: Vec<_> = ids.iter().map(|id| id.as_ref().map_or(null(), |id| id.as_ptr())).collect();
        let mut allowed: Vec<c_int> = vec![0; ids.len()];
        let mut json = Text::new();
        let status = unsafe {
            ffi::mid_validate_many(
                self.0.as_ptr(),
                pointers.as_ptr(),
                pointers.len(),
                allowed.as_mut_ptr(),
                json.place(),
            )
        };
        let text = json.copy();
        let replies = match json::elements(&text) {
            Some(replies) if replies.len() == ids.len() => replies,
            _ => {
                let error = Error::new(if status == ffi::MID_OK { ffi::MID_INTERNAL } else { status }, json.reply());
                return Decisions(ids.iter().map(|_| Err(error.clone())).collect());
            }
        };
        let one = |((id, allowed), reply): ((Result<CString>, c_int), &str)| {
            id?;
            let reply = Reply::from_text(reply.to_string());
            decide(status_of(allowed, &reply), allowed, reply)
        };
        Decisions(ids.into_iter().zip(allowed).zip(replies).map(one).collect())
    }

    /// Registers a device with the organisation. Registering again changes nothing and restores no revoked device.
    pub fn register(&self, device_id: &str) -> Result<Reply> {
        self.on_device(ffi::mid_register, device_id)
    }

    /// Revokes a device: from now on it is denied.
    pub fn revoke(&self, device_id: &str) -> Result<Reply> {
        self.on_device(ffi::mid_revoke, device_id)
    }

    /// Takes a revocation back. It brings no guard back that was denied.
    pub fn unrevoke(&self, device_id: &str) -> Result<Reply> {
        self.on_device(ffi::mid_unrevoke, device_id)
    }

    /// The same as [`Client::unrevoke`], as the vendor's SDKs also call it.
    pub fn restore(&self, device_id: &str) -> Result<Reply> {
        self.on_device(ffi::mid_restore, device_id)
    }

    /// Removes a device for good.
    pub fn remove(&self, device_id: &str) -> Result<Reply> {
        self.on_device(ffi::mid_remove, device_id)
    }

    /// Lists the organisation's devices, active and revoked.
    pub fn list_devices(&self) -> Result<Reply> {
        self.on_client(ffi::mid_list_devices)
    }

    /// Tells the organisation's plan: tier, state, limit, devices used.
    pub fn usage(&self) -> Result<Reply> {
        self.on_client(ffi::mid_usage)
    }

    /// Starts a guard, which keeps one device's permission fresh in the background. It validates once, in this call,
    /// and fails as [`Client::validate`] does; a denial is an error here too.
    pub fn guard(&self, device_id: &str) -> Result<Guard> {
        self.guard_with(device_id, &GuardOptions::new())
    }

    /// Starts a guard with options.
    pub fn guard_with(&self, device_id: &str, options: &GuardOptions) -> Result<Guard> {
        let id = c_string("device_id", device_id)?;
        let options = c_string("options", &options.json())?;
        let (mut guard, mut json) = (null_mut(), Text::new());
        let status = unsafe {
            ffi::mid_guard_start(self.0.as_ptr(), id.as_ptr(), options.as_ptr(), &mut guard, json.place())
        };
        match NonNull::new(guard) {
            Some(guard) if status == ffi::MID_OK => Guard::new(guard, json.reply()),
            _ => Err(Error::new(status, json.reply())),
        }
    }

    /// What this client has done so far in this process, as machineid.h describes it for `mid_client_stats`. It asks
    /// nobody.
    pub fn stats(&self) -> Result<Reply> {
        self.on_client(ffi::mid_client_stats)
    }

    /// Ends all calls in progress and to come with [`Cancelled`](crate::ErrorKind::Cancelled), and all guards. It
    /// returns at once. A cancelled client stays cancelled: make a new one.
    pub fn cancel(&self) {
        unsafe { ffi::mid_client_cancel(self.0.as_ptr()) }
    }

    fn on_client(&self, operation: OnClient) -> Result<Reply> {
        let mut json = Text::new();
        let status = unsafe { operation(self.0.as_ptr(), json.place()) };
        answer(status, json)
    }

    fn on_device(&self, operation: OnDevice, device_id: &str) -> Result<Reply> {
        let id = c_string("device_id", device_id)?;
        let mut json = Text::new();
        let status = unsafe { operation(self.0.as_ptr(), id.as_ptr(), json.place()) };
        answer(status, json)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        unsafe { ffi::mid_client_free(self.0.as_ptr()) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// What [`Client::validate_many`] says about each device, in their order: a slice of results.
///
/// A whole batch is allowed when [`all_allowed`](Decisions::all_allowed) is true. It is no `Result`, so that nobody
/// takes "they were asked" for "they may run".
#[derive(Clone, Debug)]
#[must_use]
pub struct Decisions(Vec<Result<Decision>>);

impl Decisions {
    /// Whether there are devices, and all of them may run now.
    #[must_use]
    pub fn all_allowed(&self) -> bool {
        !self.is_empty() && self.iter().all(|result| matches!(result, Ok(decision) if decision.is_allowed()))
    }
}

impl Deref for Decisions {
    type Target = [Result<Decision>];
    fn deref(&self) -> &[Result<Decision>] {
        &self.0
    }
}

impl IntoIterator for Decisions {
    type Item = Result<Decision>;
    type IntoIter = std::vec::IntoIter<Result<Decision>>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn answer(status: ffi::mid_status, json: Text) -> Result<Reply> {
    if status == ffi::MID_OK {
        Ok(json.reply())
    } else {
        Err(Error::new(status, json.reply()))
    }
}

fn decide(status: ffi::mid_status, allowed: c_int, reply: Reply) -> Result<Decision> {
    if status == ffi::MID_OK && allowed == 1 {
        Ok(Decision::new(true, reply))
    } else {
        Err(Error::new(status, reply))
    }
}

/// The status of one of many, by its reply: the library returns only that of the first one that brought no decision. A
/// failure has the status name with CLIENT_ for MID_, and an API error has no "allowed".
fn status_of(allowed: c_int, reply: &Reply) -> ffi::mid_status {
    if allowed == 1 {
        return ffi::MID_OK;
    }
    match (reply["allowed"].as_bool(), reply.code().strip_prefix("CLIENT_")) {
        (_, Some("INVALID_ARGUMENT")) => ffi::MID_INVALID_ARGUMENT,
        (_, Some("RESOLVE_FAILED")) => ffi::MID_RESOLVE_FAILED,
        (_, Some("CONNECT_FAILED")) => ffi::MID_CONNECT_FAILED,
        (_, Some("TLS_FAILED")) => ffi::MID_TLS_FAILED,
        (_, Some("TRANSFER_FAILED")) => ffi::MID_TRANSFER_FAILED,
        (_, Some("TIMEOUT")) => ffi::MID_TIMEOUT,
        (_, Some("UNAVAILABLE")) => ffi::MID_UNAVAILABLE,
        (_, Some("BAD_REPLY")) => ffi::MID_BAD_REPLY,
        (_, Some("CANCELLED")) => ffi::MID_CANCELLED,
        (_, Some("OUT_OF_MEMORY")) => ffi::MID_OUT_OF_MEMORY,
        (_, Some("INTERNAL")) => ffi::MID_INTERNAL,
        (Some(false), None) => ffi::MID_OK,
        (None, None) if *reply.value() != Value::Null => ffi::MID_REFUSED,
        _ => ffi::MID_INTERNAL,
    }
}

/// A NUL would cut the text short, so that the call would concern another device. The text is not in the error.
fn c_string(name: &str, text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| {
        Error::local(ffi::MID_INVALID_ARGUMENT, &format!("{} must be a string without NUL", name))
    })
}
