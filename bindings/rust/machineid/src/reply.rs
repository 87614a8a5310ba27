use crate::json::{self, Value};
use machineid_sys as ffi;
use std::ffi::CStr;
use std::fmt;
use std::os::raw::c_char;
use std::ptr::null_mut;

/// What the authority replied: the text as it came, and its members.
///
/// `reply["status"]` is [`Value::Null`] where there is no such member. A reply is JSON that may hold more than this
/// crate reads; [`Reply::text`] is for a parser of your own.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    text: String,
    value: Value,
}

impl Reply {
    pub(crate) fn from_text(text: String) -> Reply {
        let value = json::parse(&text).unwrap_or(Value::Null);
        Reply { text, value }
    }

    /// The reply of a call that fails in this crate.
    pub(crate) fn failure(code: &str, message: &str) -> Reply {
        let string = |text: &str| Value::String(text.to_string());
        let members = [
            ("allowed", Value::Bool(false)),
            ("code", string(code)),
            ("request_id", Value::Null),
            ("message", string(message)),
        ];
        let value = Value::Object(members.into_iter().map(|(name, value)| (name.to_string(), value)).collect());
        Reply { text: value.to_string(), value }
    }

    /// The reply, byte for byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The reply as a value; [`Value::Null`] where it is nested too deep for this crate.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The code of a decision, or of an API error, which has "error" in its place. Empty where there is neither.
    #[must_use]
    pub fn code(&self) -> &str {
        self.value["code"].as_str().or_else(|| self.value["error"].as_str()).unwrap_or_default()
    }

    /// The id under which the authority knows the call.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.value["request_id"].as_str()
    }
}

impl std::ops::Index<&str> for Reply {
    type Output = Value;
    fn index(&self, key: &str) -> &Value {
        &self.value[key]
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An allow. Only an allow is a `Decision`: a denial is an [`Error`](crate::Error).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision {
    allowed: bool,
    reply: Reply,
}

impl Decision {
    /// The decision of the library's flag. The reply has no say in it.
    pub(crate) fn new(allowed: bool, reply: Reply) -> Decision {
        Decision { allowed, reply }
    }

    /// Whether the device may run now.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// The code, such as "ALLOW".
    #[must_use]
    pub fn code(&self) -> &str {
        self.reply.code()
    }

    /// The id under which the authority knows the call.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.reply.request_id()
    }

    /// The authority's reply.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.reply
    }
}

/// A place for a text of the library's, which is freed with it.
pub(crate) struct Text(*mut c_char);

impl Text {
    pub(crate) fn new() -> Text {
        Text(null_mut())
    }

    /// Where a function of the library is to put its text.
    pub(crate) fn place(&mut self) -> *mut *mut c_char {
        &mut self.0
    }

    /// A copy of the text. It is empty where the library made none.
    pub(crate) fn copy(&self) -> String {
        if self.0.is_null() {
            return String::new();
        }
        unsafe { CStr::from_ptr(self.0) }.to_string_lossy().into_owned()
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::from_text(self.copy())
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        unsafe { ffi::mid_free(self.0) }
    }
}

/// A static text of the library's.
pub(crate) fn static_text(text: *const c_char) -> &'static str {
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}
