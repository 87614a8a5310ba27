//! JSON: a reader for what the library hands out, and a writer for options.
//!
//! The library has decided before this code sees a reply, so nothing here can turn a denial into an allow.

use std::fmt;
use std::ops::Index;

/// A JSON value. What does not exist is [`Value::Null`]: `value["a"]["b"]` never panics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// `null`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written, so that none is too large or too exact.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object, in the order in which it was written.
    Object(Vec<(String, Value)>),
}

static NULL: Value = Value::Null;

/// How deep arrays and objects may be nested. What is deeper reads as null.
const MAX_DEPTH: usize = 128;

impl Value {
    /// The member with this name; None where there is none, or where this is no object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The string, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, where this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, where this is one that is whole, not negative and fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The number, where this is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The elements, where this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }
}

impl Index<&str> for Value {
    type Output = Value;
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&NULL)
    }
}

/// Writes JSON without white space.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{}", value),
            Value::Number(text) => f.write_str(text),
            Value::String(text) => write_string(f, text),
            Value::Array(elements) => {
                f.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    write!(f, "{}{}", if index > 0 { "," } else { "" }, element)?;
                }
                f.write_str("]")
            }
            Value::Object(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    f.write_str(if index > 0 { "," } else { "" })?;
                    write_string(f, name)?;
                    write!(f, ":{}", value)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{0}'..='\u{1f}' => write!(f, "\\u{:04x}", character as u32)?,
            _ => write!(f, "{}", character)?,
        }
    }
    f.write_str("\"")
}

/// Reads a whole text; None where it is not JSON, or nested too deep.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

/// The texts of the elements of an array; None where the text is not an array.
pub(crate) fn elements(text: &str) -> Option<Vec<&str>> {
    let mut reader = Reader { text, at: 0 };
    let mut found = Vec::new();
    reader.space();
    reader.eat(b'[').then_some(())?;
    reader.space();
    if reader.eat(b']') {
        return Some(found);
    }
    loop {
        reader.space();
        let start = reader.at;
        reader.value(0)?;
        found.push(&text[start..reader.at]);
        reader.space();
        if reader.eat(b']') {
            return Some(found);
        }
        reader.eat(b',').then_some(())?;
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += found as usize;
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())?;
        Some(value)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.space();
        match self.peek()? {
            b'n' => self.word("null", Value::Null),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'"' => self.string().map(Value::String),
            b'[' => self.array(depth),
            b'{' => self.object(depth),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        let mut found = Vec::new();
        self.at += 1;
        self.space();
        if self.eat(b']') {
            return Some(Value::Array(found));
        }
        loop {
            found.push(self.value(depth + 1)?);
            self.space();
            if self.eat(b']') {
                return Some(Value::Array(found));
            }
            self.eat(b',').then_some(())?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut found = Vec::new();
        self.at += 1;
        self.space();
        if self.eat(b'}') {
            return Some(Value::Object(found));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            self.eat(b':').then_some(())?;
            found.push((name, self.value(depth + 1)?));
            self.space();
            if self.eat(b'}') {
                return Some(Value::Object(found));
            }
            self.eat(b',').then_some(())?;
        }
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        text.parse::<f64>().ok()?;
        Some(Value::Number(text.to_string()))
    }

    fn string(&mut self) -> Option<String> {
        let mut found = String::new();
        self.eat(b'"').then_some(())?;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(['"', '\\'])?;
            found.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Some(found);
            }
            let escaped = self.peek()?;
            self.at += 1;
            found.push(match escaped {
                b'"' | b'\\' | b'/' => escaped as char,
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.unicode()?,
                _ => return None,
            });
        }
    }

    /// The character of an escape, which may take two of them.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        (self.eat(b'\\') && self.eat(b'u')).then_some(())?;
        let second = self.hex()?;
        (0xdc00..0xe000).contains(&second).then_some(())?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_written() {
        let text = r#"{"a":[1,-2.5e3,18446744073709551616,true,false,null],"ü":"\"\\\u0001","e":{}}"#;
        assert_eq!(parse(text).map(|value| value.to_string()).as_deref(), Some(text));
        let value = parse(r#" { "s" : "\ud83d\ude00\u00e4\n" , "n" : [ ] } "#).expect("it is JSON");
        assert_eq!(value["s"].as_str(), Some("😀ä\n"));
        assert!(value["x"]["y"].is_null());
    }

    #[test]
    fn what_is_not_json_is_nothing() {
        let strings = ["\"", "\"\\u12\"", "\"\\ud800x\"", "\"\\u+123\""];
        for text in ["", "{", "[1,]", "{\"a\"}", "nul", "1 2", "[", "--"].iter().chain(&strings) {
            assert_eq!(parse(text), None, "{}", text);
        }
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }

    #[test]
    fn elements_keep_their_texts() {
        assert_eq!(elements(" [ {\"a\": 1} ,[2], null ] "), Some(vec!["{\"a\": 1}", "[2]", "null"]));
        assert_eq!(elements("[]"), Some(vec![]));
        assert_eq!(elements("{}"), None);
    }
}
