mod common;

use common::{registered, DEVICE, KEY};
use machineid::testing::Emulator;
use machineid::{Client, ErrorKind, Value};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn an_allow_is_a_decision() {
    let (_emulator, client) = registered();
    let decision = client.validate(DEVICE).expect("it is allowed");
    assert!(decision.is_allowed() && client.allows(DEVICE));
    assert_eq!((decision.code(), decision.request_id().map(str::len)), ("ALLOW", Some(36)));
    assert_eq!(decision.reply()["deviceId"].as_str(), Some(DEVICE));
    assert!(decision.reply().text().starts_with("{\"allowed\":true"));
}

#[test]
fn no_condition_lets_a_denied_device_work() {
    let (_emulator, client) = registered();
    client.revoke(DEVICE).expect("it is known");
    for device in [DEVICE, "never"] {
        assert!(!client.allows(device));
        assert!(client.validate(device).is_err());
        assert!(!client.validate(device).map_or(false, |decision| decision.is_allowed()));
        assert!(client.guard(device).is_err());
        let error = client.validate(device).expect_err("it is denied");
        assert!(error.is_denied() && error.status_name() == "MID_OK");
        let id = error.request_id().expect("a denial has a request id");
        let said = error.to_string();
        assert!(id.len() == 36 && said.contains(id) && said.contains(error.code()), "{}", said);
    }
}

#[test]
fn operations_answer() {
    let (_emulator, client) = registered();
    assert_eq!(client.register(DEVICE).expect("again")["status"].as_str(), Some("exists"));
    assert_eq!(client.list_devices().expect("a list")["devices"].as_array().map(<[Value]>::len), Some(1));
    let usage = client.usage().expect("the usage");
    assert_eq!((usage["planTier"].as_str(), usage["limit"].as_u64()), (Some("max"), Some(1000)));
    client.revoke(DEVICE).expect("revoked");
    client.unrevoke(DEVICE).expect("unrevoked");
    client.revoke(DEVICE).expect("revoked");
    client.restore(DEVICE).expect("restored");
    assert!(client.allows(DEVICE));
    client.remove(DEVICE).expect("removed");
    let error = client.remove(DEVICE).expect_err("it is gone");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "device_not_found"));
    assert_eq!(error.request_id().map(str::len), Some(36));
    assert!(!error.is_denied());
}

#[test]
fn a_client_knows_what_it_has_done() {
    let (_emulator, client) = registered();
    assert!(client.allows(DEVICE) && !client.allows("never"));
    let stats = client.stats().expect("it asks nobody");
    assert_eq!(stats["calls"]["validate"]["statuses"]["MID_OK"].as_u64(), Some(2), "{}", stats.text());
    assert_eq!(stats["decisions"]["allowed"]["ALLOW"].as_u64(), Some(1), "{}", stats.text());
}

#[test]
fn many_are_asked_at_once() {
    let (emulator, client) = registered();
    client.register("revoked").expect("registered");
    client.revoke("revoked").expect("revoked");
    let results = client.validate_many(&[DEVICE, "revoked", "a\0b", "never", "", DEVICE]);
    let kind = |result: &machineid::Result<_>| result.as_ref().map_or_else(|error| Some(error.kind()), |_| None);
    let (denied, argument) = (Some(ErrorKind::Denied), Some(ErrorKind::InvalidArgument));
    assert_eq!(results.iter().map(kind).collect::<Vec<_>>(), [None, denied, argument, denied, argument, None]);
    for (index, code) in [(1, "DEVICE_REVOKED"), (3, "DEVICE_NOT_REGISTERED")] {
        let error = results[index].as_ref().expect_err("it is denied");
        assert_eq!((error.code(), error.request_id().map(str::len)), (code, Some(36)));
    }
    assert!(results[2].as_ref().expect_err("it has a NUL").message().contains("device_id"));
    assert!(!results.all_allowed() && client.validate_many(&[DEVICE, DEVICE]).all_allowed());
    let none = client.validate_many::<String>(&[]);
    assert!(none.is_empty() && !none.all_allowed());
    emulator.ask(KEY, "/emulator/outage", "{\"httpStatus\":503}").expect("an outage");
    let out = emulator.client(KEY).max_retries(0).build().expect("a client");
    let results = out.validate_many(&[DEVICE, "revoked"]);
    assert!(results.iter().all(|result| result.as_ref().expect_err("an outage").kind() == ErrorKind::Unavailable));
    client.cancel();
    let results = client.validate_many(&[DEVICE, DEVICE]);
    assert_eq!(results.len(), 2);
    assert!(results.into_iter().all(|result| result.expect_err("cancelled").kind() == ErrorKind::Cancelled));
}

#[test]
fn an_outage_names_its_http_status() {
    let (emulator, _client) = registered();
    let client = emulator.client(KEY).max_retries(0).build().expect("a client");
    emulator.ask(KEY, "/emulator/outage", "{\"httpStatus\":503,\"requests\":1}").expect("an outage");
    let error = client.validate(DEVICE).expect_err("an outage");
    assert_eq!((error.kind(), error.http_status(), error.is_denied()), (ErrorKind::Unavailable, Some(503), false));
    assert!(error.is_no_answer() && client.allows(DEVICE));
    let wrong = emulator.client("org_unknown").build().expect("a client");
    let error = wrong.validate(DEVICE).expect_err("an unknown key");
    assert_eq!((error.kind(), error.http_status(), error.is_no_answer()), (ErrorKind::Refused, None, false));
}

#[test]
fn bad_arguments_are_named() {
    let (emulator, client) = registered();
    for device in ["a\0b", "", "   ", &"x".repeat(513)] {
        let error = client.validate(device).expect_err("it cannot be sent");
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidArgument, "CLIENT_INVALID_ARGUMENT"));
        assert!(error.message().contains("device"), "{}", error);
    }
    let options = || emulator.client(KEY);
    for options in [
        options().timeout(Duration::from_micros(1)),
        options().timeout(Duration::MAX),
        options().max_retries(11),
        options().base_url("http://example.com"),
        options().set("timeout", Value::Number("1".to_string())),
    ] {
        assert_eq!(options.build().expect_err("a bad option").kind(), ErrorKind::InvalidOptions);
    }
    let error = Client::builder_from_env().env_var("MACHINEID_NOT_SET").build().expect_err("no key");
    assert_eq!((error.kind(), error.status_name()), (ErrorKind::NoOrgKey, "MID_NO_ORG_KEY"));
}

#[test]
fn the_key_is_in_no_text() {
    let emulator = Emulator::start().expect("an emulator");
    let builder = emulator.client("org_marker");
    let mut said = format!("{:?}", builder);
    let client = builder.build().expect("a client");
    said += &format!("{:?}", client);
    let key = |key: &str| Client::builder(key).build().expect_err("it cannot be sent");
    for error in [
        client.validate(DEVICE).expect_err("an unknown key"),
        key("org_marker\0"),
        key("org_m\u{e4}rker marker"),
        key(&"org_marker".repeat(100)),
    ] {
        said += &format!("{} {:?} {:#?} {:?}", error, error, error, error.reply());
    }
    assert!(!said.contains("marker"), "{}", said);
}

#[test]
fn a_cancel_ends_a_waiting_call() {
    // A listener that nobody accepts from takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("it has an address"));
    let builder = Client::builder(KEY).base_url(url).timeout(Duration::from_secs(60));
    let client = Arc::new(builder.build().expect("a client"));
    let start = Instant::now();
    let waiting = thread::spawn({
        let client = Arc::clone(&client);
        move || client.validate(DEVICE)
    });
    silent.accept().expect("the call has begun");
    client.cancel();
    assert_eq!(waiting.join().expect("no panic").expect_err("cancelled").kind(), ErrorKind::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(client.validate(DEVICE).expect_err("still cancelled").kind(), ErrorKind::Cancelled);
}

#[test]
fn threads_share_a_client() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Client>();
    is_shared::<machineid::Error>();
    is_shared::<machineid::Decision>();
    let (_emulator, client) = registered();
    let allowed: usize = thread::scope(|scope| {
        let four = || (0..4).filter(|_| client.allows(DEVICE)).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(four)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert_eq!(allowed, 32);
}

#[test]
fn the_library_says_what_it_is() {
    assert_eq!(machineid::version(), env!("CARGO_PKG_VERSION"));
    assert_eq!(machineid::build_info()["version"].as_str(), Some(machineid::version()));
}
