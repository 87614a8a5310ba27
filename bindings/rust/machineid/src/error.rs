use crate::reply::{static_text, Reply};
use machineid_sys as ffi;
use std::fmt;

/// Why there is no allow. What to do is said for each kind; nothing is allowed with any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The authority decided, and said no. Stop.
    Denied,
    /// The authority answered with an API error, such as an unknown org key or device. Stop.
    Refused,
    /// An org key or a device id that cannot be sent. Correct it.
    InvalidArgument,
    /// An option with a bad value, or a variable in its place. Correct it.
    InvalidOptions,
    /// The variable with the org key is not set, blank, or may not be read. Set it.
    NoOrgKey,
    /// The host name of the authority or the proxy was not found. Stop; try later.
    ResolveFailed,
    /// Refused, unreachable, too slow, or turned away by the proxy. Stop; try later.
    ConnectFailed,
    /// Certificate, host name, pin or handshake does not fit. Stop; read the message.
    TlsFailed,
    /// The connection broke before the reply was complete. Stop; try later.
    TransferFailed,
    /// The timeout passed first. Stop; try later.
    Timeout,
    /// An outage: HTTP 408, 429 or 5xx, to the last try too. Stop; try later.
    Unavailable,
    /// What came back is not an answer. Stop; read the message.
    BadReply,
    /// The client was cancelled or dropped, or the process was forked. Make a new client, or a new guard.
    Cancelled,
    /// Memory was refused. Stop; try later.
    OutOfMemory,
    /// The system or a library below refused what is needed. Stop; read the message.
    Internal,
    /// A status that is newer than this crate. Treat it as no answer.
    Unknown,
}

impl ErrorKind {
    fn of(status: ffi::mid_status) -> ErrorKind {
        match status {
            ffi::MID_OK => ErrorKind::Denied,
            ffi::MID_REFUSED => ErrorKind::Refused,
            ffi::MID_INVALID_ARGUMENT => ErrorKind::InvalidArgument,
            ffi::MID_INVALID_OPTIONS => ErrorKind::InvalidOptions,
            ffi::MID_NO_ORG_KEY => ErrorKind::NoOrgKey,
            ffi::MID_RESOLVE_FAILED => ErrorKind::ResolveFailed,
            ffi::MID_CONNECT_FAILED => ErrorKind::ConnectFailed,
            ffi::MID_TLS_FAILED => ErrorKind::TlsFailed,
            ffi::MID_TRANSFER_FAILED => ErrorKind::TransferFailed,
            ffi::MID_TIMEOUT => ErrorKind::Timeout,
            ffi::MID_UNAVAILABLE => ErrorKind::Unavailable,
            ffi::MID_BAD_REPLY => ErrorKind::BadReply,
            ffi::MID_CANCELLED => ErrorKind::Cancelled,
            ffi::MID_OUT_OF_MEMORY => ErrorKind::OutOfMemory,
            ffi::MID_INTERNAL => ErrorKind::Internal,
            _ => ErrorKind::Unknown,
        }
    }
}

/// Why there is no allow, and no reply. It is one pointer wide, so that a `Result` stays small.
#[derive(Clone)]
pub struct Error(Box<Content>);

#[derive(Clone)]
struct Content {
    status: ffi::mid_status,
    reply: Reply,
}

impl Error {
    /// The error of a call that ended with this status; with `MID_OK`, a denial.
    pub(crate) fn new(status: ffi::mid_status, reply: Reply) -> Error {
        Error(Box::new(Content { status, reply }))
    }

    /// An error that this crate makes, in the form in which the library makes its own.
    pub(crate) fn local(status: ffi::mid_status, message: &str) -> Error {
        let name = static_text(unsafe { ffi::mid_status_name(status) });
        Error::new(status, Reply::failure(&name.replacen("MID_", "CLIENT_", 1), message))
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::of(self.0.status)
    }

    /// Whether the authority decided, and said no. Where this is false there was no decision.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.kind() == ErrorKind::Denied
    }

    /// Whether no answer came, or what came is no answer. Stop; trying later may help.
    #[must_use]
    pub fn is_no_answer(&self) -> bool {
        (200..=ffi::MID_BAD_REPLY).contains(&self.0.status)
    }

    /// The code, for programs and logs: "DEVICE_REVOKED", "device_not_found", "CLIENT_TIMEOUT". The authority may have
    /// codes that no document names.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.reply.code()
    }

    /// The id under which the authority knows the call. None where the authority did not answer, or gave none.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.reply.request_id()
    }

    /// One line for a person. The wording may change.
    #[must_use]
    pub fn message(&self) -> &str {
        self.0.reply.value()["message"].as_str().unwrap_or_default()
    }

    /// The HTTP status of an outage, [`ErrorKind::Unavailable`], such as 503. The library tells no other.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        if self.kind() != ErrorKind::Unavailable {
            return None;
        }
        let rest = self.message().split("HTTP ").nth(1)?;
        let status = rest.get(..3)?.parse().ok()?;
        (100..600).contains(&status).then_some(status)
    }

    /// The name of the status in machineid.h, such as "MID_TIMEOUT". A denial is "MID_OK", because the authority
    /// decided.
    #[must_use]
    pub fn status_name(&self) -> &'static str {
        static_text(unsafe { ffi::mid_status_name(self.0.status) })
    }

    /// The authority's reply or, where there was no answer, the library's.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.0.reply
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            ErrorKind::Denied => write!(f, "not allowed: {}", self.code())?,
            _ => write!(f, "{} {}: {}", self.status_name(), self.code(), self.message())?,
        }
        match self.request_id() {
            Some(id) => write!(f, " (request id {})", id),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("code", &self.code())
            .field("request_id", &self.request_id())
            .field("message", &self.message())
            .finish()
    }
}

impl std::error::Error for Error {}
