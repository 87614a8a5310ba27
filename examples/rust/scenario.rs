//! scenario.rs - every operation of machineid.rs, and the ways in which they fail.

use machineid::{Client, Error, Status};
use serde_json::{json, Value};
use std::thread;

const DEVICE: &str = "worker:prod:queue-consumer:07";

/// The name of a call's status.
fn status(result: Result<Value, Error>) -> String {
    match result {
        Ok(_) => Status::OK.to_string(),
        Err(error) => error.status.to_string(),
    }
}

/// A member of a reply that should be a string.
fn text<'a>(reply: &'a Value, key: &str) -> &'a str {
    reply[key].as_str().unwrap_or("none")
}

/// Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
/// may let it work. Conditions that must not compile are in Tests/bindings/misuse.
fn never_registered(client: &Client) {
    let mut done = Vec::new();
    if client.allows("never") {
        done.push("allows");
    }
    if client.validate("never").allowed {
        done.push("allowed");
    }
    if let Ok(_) = client.require("never") {
        done.push("require");
    }
    println!("never registered: {}", if done.is_empty() { "nothing done".into() } else { done.join(", ") });
    if let Err(error) = client.require("never") {
        println!("never registered: {} {} request_id={} characters", error.status, error.code, id_length(&error));
        assert!(error.to_string().contains(&error.request_id.unwrap_or_default()));
    }
}

fn id_length(error: &Error) -> usize {
    error.request_id.as_deref().map_or(0, str::len)
}

fn main() -> Result<(), Error> {
    println!("version {}", machineid::version());
    let client = Client::from_env(&Value::Null)?;

    println!("register: {} status={}", Status::OK, text(&client.register(DEVICE)?, "status"));
    println!("register again: {} status={}", Status::OK, text(&client.register(DEVICE)?, "status"));

    let decision = client.validate(DEVICE);
    println!("validate: {} allowed={} code={}", decision.status, decision.allowed as i32, decision.code);
    if client.allows(DEVICE) {
        println!("work: one unit done");
    }

    // Scoped threads borrow the client. Other threads would share it in an Arc.
    let allowed: usize = thread::scope(|scope| {
        let four = || (0..4).filter(|_| client.allows(DEVICE)).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(four)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).sum()
    });
    println!("threads: {} of 32 allowed", allowed);
    fork(&client);

    println!("revoke: {}", status(client.revoke(DEVICE)));
    let decision = client.validate(DEVICE);
    println!(
        "validate: {} allowed={} code={} request_id={} characters",
        decision.status,
        decision.allowed as i32,
        decision.code,
        decision.request_id.unwrap_or_default().len()
    );
    println!("register revoked: {} status={}", Status::OK, text(&client.register(DEVICE)?, "status"));
    println!("unrevoke: {}", status(client.unrevoke(DEVICE)));
    let decision = client.validate(DEVICE);
    println!("validate: {} allowed={} code={}", decision.status, decision.allowed as i32, decision.code);
    println!("restore: {}", status(client.restore(DEVICE)));

    println!("list: {} {} device", Status::OK, client.list_devices()?["devices"].as_array().map_or(0, Vec::len));
    println!("usage: {} planTier={}", Status::OK, text(&client.usage()?, "planTier"));
    let decision = client.validate("wörker:prod:07");
    println!("umlaut device: {} allowed={}", decision.status, decision.allowed as i32);
    never_registered(&client);
    println!("remove: {}", status(client.remove(DEVICE)));
    match client.remove(DEVICE) {
        Ok(_) => println!("remove again: removed"),
        Err(error) => {
            println!("remove again: {} {} request_id={} characters", error.status, error.code, id_length(&error))
        }
    }

    match Client::from_env(&json!({"timeout": 1})) {
        Ok(_) => println!("wrong option: accepted"),
        Err(error) => {
            let named = if error.message.contains("timeout") { "timeout" } else { &error.message };
            println!("wrong option: {} {} {}", error.status, error.code, named)
        }
    }
    let decision = client.validate("");
    println!("no device: {} {}", decision.status, decision.code);
    let decision = client.validate("a\0b");
    let is_it = decision.status == Status::INVALID_ARGUMENT && decision.message.contains("device_id");
    println!("NUL: {}", if is_it { "an argument error that names it" } else { &decision.message });

    let made = Client::new("org_marker\0", &Value::Null);
    let said = made.map_or_else(|error| format!("{error} {error:?}"), |_| "marker".into());
    println!("secret: {}", if said.contains("marker") { &said } else { "refused, and not shown" });

    // The reply holds unusual numbers. Its answer counts all the same.
    let url = std::env::var("MACHINEID_ODD_URL").unwrap_or_default();
    let decision = Client::new("org_runtimes", &json!({ "base_url": url }))?.validate(DEVICE);
    println!("odd numbers: {} allowed={}", decision.status, decision.allowed as i32);

    // An outage is neither an answer nor a refusal: the next call may bring an answer.
    let url = std::env::var("MACHINEID_OUTAGE_URL").unwrap_or_default();
    let out = Client::new("org_outage", &json!({ "base_url": url, "max_retries": 0 }))?;
    let decision = out.validate(DEVICE);
    println!("outage: {} allowed={} {}", decision.status, decision.allowed as i32, decision.code);
    let decision = out.validate(DEVICE);
    println!("outlived: {} allowed={}", decision.status, decision.allowed as i32);

    let unreachable = Client::new("org_runtimes", &json!({"base_url": "http://127.0.0.1:1", "max_retries": 0}))?;
    let decision = unreachable.validate(DEVICE);
    println!("unreachable: {} allowed={} {}", decision.status, decision.allowed as i32, decision.code);
    unreachable.cancel();
    let decision = unreachable.validate(DEVICE);
    println!("cancelled: {} allowed={}", decision.status, decision.allowed as i32);
    Ok(())
}

/// The child reports its result through its exit status.
fn fork(client: &Client) {
    let word = |allowed| if allowed { "allowed" } else { "not allowed" };
    let child = unsafe { libc::fork() };
    if child == 0 {
        let allowed = client.allows(DEVICE);
        unsafe { libc::_exit(!allowed as i32) };
    }
    let mut ended = -1;
    let parent = client.allows(DEVICE);
    unsafe { libc::waitpid(child, &mut ended, 0) };
    println!("fork: parent {}, child {}", word(parent), word(ended == 0));
}
