//! The common scenario: every operation, and the ways in which they fail. bindings/scenario.txt has what it prints.

use machineid::{Client, Decision, Error, ErrorKind, Guard, GuardOptions, GuardState, Reply, Value};
use std::env;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const DEVICE: &str = "worker:prod:queue-consumer:07";
const KEY: &str = "org_bindings";
const INTERVAL: Duration = Duration::from_millis(200);

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() -> Done {
    println!("version {}", machineid::version());
    let client = Client::from_env()?;
    devices(&client)?;
    never_registered(&client);
    many(&client);
    guards(&client)?;
    client.remove(DEVICE)?;
    println!("remove: MID_OK");
    if let Err(error) = client.remove(DEVICE) {
        println!("remove again: {} {} {}", error.status_name(), error.code(), id(&error));
    }
    refused(&client);
    drop(client);
    // The compiler refuses a call on a client that was dropped.
    println!("closed: an argument error that says so");
    failures()?;
    cancels()
}

fn devices(client: &Client) -> Done {
    println!("register: MID_OK status={}", text(&client.register(DEVICE)?, "status"));
    println!("register again: MID_OK status={}", text(&client.register(DEVICE)?, "status"));
    tell(&client.validate(DEVICE));
    if client.validate(DEVICE)?.is_allowed() {
        println!("work: one unit done");
    }
    let allowed: usize = thread::scope(|scope| {
        let four = || (0..4).filter(|_| client.allows(DEVICE)).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(four)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).sum()
    });
    println!("threads: {} of 32 allowed", allowed);
    let word = |allowed| if allowed { "allowed" } else { "denied" };
    let (parent, child) = (|| client.allows(DEVICE), || !client.allows(DEVICE) as i32);
    let (parent, child) = forked(parent, child);
    println!("fork: parent {}, child {}", word(parent), word(child == 0));

    client.revoke(DEVICE)?;
    println!("revoke: MID_OK");
    tell(&client.validate(DEVICE));
    println!("register revoked: MID_OK status={}", text(&client.register(DEVICE)?, "status"));
    client.unrevoke(DEVICE)?;
    println!("unrevoke: MID_OK");
    tell(&client.validate(DEVICE));
    client.restore(DEVICE)?;
    println!("restore: MID_OK");
    let list = client.list_devices()?;
    println!("list: MID_OK {} device", list["devices"].as_array().map_or(0, <[Value]>::len));
    println!("usage: MID_OK planTier={}", text(&client.usage()?, "planTier"));
    println!("umlaut device: {}", decided(&client.validate("wörker:prod:07")));
    Ok(())
}

/// Asks about a device that was never registered, in the conditions that a programmer is likely to write first.
fn never_registered(client: &Client) {
    let mut done = Vec::new();
    if client.allows("never") {
        done.push("allows");
    }
    if client.validate("never").is_ok() {
        done.push("is_ok");
    }
    if let Ok(_decision) = client.validate("never") {
        done.push("Ok");
    }
    let question_mark = || -> machineid::Result<&str> {
        let _decision = client.validate("never")?;
        Ok("?")
    };
    done.extend(question_mark());
    println!("never registered: {}", nothing(done));
    if let Err(error) = client.validate("never") {
        println!("never registered: {} {} {}", error.status_name(), error.code(), id(&error));
    }
}

fn many(client: &Client) {
    let results = client.validate_many(&[DEVICE, "never", "", DEVICE]);
    let allowed: Vec<_> = results.iter().map(|result| (result.is_ok() as i32).to_string()).collect();
    println!("many: {}", allowed.join(" "));
    let codes: Vec<_> = results.iter().map(|result| result.as_ref().map_or_else(Error::code, Decision::code)).collect();
    println!("many: {}", codes.join(" "));
    println!("many: none asked, {} decisions", client.validate_many::<&str>(&[]).len());
    let mut done = Vec::new();
    if client.validate_many(&[DEVICE, "never"]).all_allowed() {
        done.push("all_allowed");
    }
    if client.validate_many::<&str>(&[]).all_allowed() {
        done.push("none");
    }
    done.extend(client.validate_many(&["never"]).iter().flatten().map(|_| "flatten"));
    println!("many, one never registered: {}", nothing(done));
}

fn guards(client: &Client) -> Done {
    let guard = client.guard_with(DEVICE, &GuardOptions::new().interval(INTERVAL))?;
    println!("guard: {}", on(guard.is_allowed()));
    ask("{\"httpStatus\":503}")?;
    guard.wait_until_off(Some(Duration::from_secs(30)));
    let known = guard.decision()?;
    let failure = known.failure.as_ref().map_or("", Reply::code);
    println!("guard: {} in an outage, {}", state(known.state), failure);
    ask("{}")?;
    let end = Instant::now() + Duration::from_secs(30);
    while !guard.is_allowed() && Instant::now() < end {
        thread::sleep(Duration::from_millis(5));
    }
    println!("guard: {}", if guard.is_allowed() { "on again after it" } else { "off after it" });
    fork_guard(client, &guard);

    let begin = Instant::now();
    client.revoke(DEVICE)?;
    guard.wait_until_off(Some(Duration::from_secs(30)));
    let slack = env::var("CHECK_SLACK_MS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let in_time = begin.elapsed() <= INTERVAL + INTERVAL / 10 + Duration::from_millis(1000 + slack);
    let known = guard.decision()?;
    let length = known.decision.request_id().map_or(0, str::len);
    let when = if in_time { "within its interval".to_string() } else { format!("after {:?}", begin.elapsed()) };
    println!("guard: {} {}, {} request_id={} characters", state(known.state), when, known.decision.code(), length);
    client.unrevoke(DEVICE)?;
    assert!(client.allows(DEVICE));
    println!("guard: still {} after unrevoke", state(guard.decision()?.state));

    drop(client.guard(DEVICE)?);
    // The compiler refuses a look at a guard that was dropped.
    println!("guard, stopped: off");
    let mut done = Vec::new();
    if client.guard("never").is_ok() {
        done.push("is_ok");
    }
    done.extend(client.guard("never").iter().filter(|guard| guard.is_allowed()).map(|_| "iter"));
    println!("guard, never registered: {}", nothing(done));
    Ok(())
}

fn fork_guard(client: &Client, guard: &Guard) {
    let child = || {
        let new = client.guard(DEVICE).map_or(false, |new| new.is_allowed());
        guard.is_allowed() as i32 + 2 * (!new) as i32
    };
    let (parent, child) = forked(|| guard.is_allowed(), child);
    let (own, new) = (on(child & 2 == 0), on(child & 1 != 0));
    println!("guard, fork: {} in the parent, {} in the child, {} in a new one of the child", on(parent), new, own);
}

fn refused(client: &Client) {
    if let Err(error) = Client::builder_from_env().timeout(Duration::ZERO).build() {
        let named = if error.message().contains("timeout_ms") { "timeout_ms" } else { error.message() };
        println!("wrong option: {} {} {}", error.status_name(), error.code(), named);
    }
    if let Err(error) = client.validate("") {
        println!("no device: {} {}", error.status_name(), error.code());
    }
    let is_named = match client.validate("a\0b") {
        Err(error) => error.kind() == ErrorKind::InvalidArgument && error.message().contains("device_id"),
        Ok(_) => false,
    };
    println!("NUL: {}", if is_named { "an argument error that names it" } else { "not named" });
    // A str has no surrogates, is never null and no number: the compiler refuses all three.
    for step in ["surrogate", "null", "number"] {
        println!("{}: an argument error that names it", step);
    }
    let mut said = format!("{:?}", Client::builder("org_marker"));
    said += &format!("{:?}", Client::builder("org_marker").build());
    for key in ["org_marker\0", "org_marker\n\u{7f}", "org_marker\u{e4}"] {
        match Client::builder(key).build() {
            Err(error) => said += &format!("{} {:?}", error, error),
            Ok(_) => said += "accepted: marker",
        }
    }
    println!("secret: {}", if said.contains("marker") { &said } else { "refused, and not shown" });
}

fn failures() -> Done {
    // The reply holds unusual numbers. Its answer counts all the same.
    let odd = Client::builder(KEY).base_url(env::var("MACHINEID_ODD_URL")?).build()?;
    println!("odd numbers: {}", decided(&odd.validate(DEVICE)));
    // An outage is neither an answer nor a refusal: the next call may bring an answer.
    let out = Client::builder("org_outage").base_url(env::var("MACHINEID_BASE_URL")?).max_retries(0).build()?;
    println!("outage: {}", failed(&out.validate(DEVICE)));
    println!("outlived: {}", decided(&out.validate(DEVICE)));
    let unreachable = Client::builder(KEY).base_url("http://127.0.0.1:1").max_retries(0).build()?;
    println!("unreachable: {}", failed(&unreachable.validate(DEVICE)));
    let silent = env::var("MACHINEID_SILENT_URL")?;
    let slow = Client::builder(KEY).base_url(silent).timeout(Duration::from_millis(50)).build()?;
    println!("timeout: {}", failed(&slow.validate(DEVICE)));
    Ok(())
}

fn cancels() -> Done {
    let client = Client::from_env()?;
    client.register(DEVICE)?;
    let guard = client.guard(DEVICE)?;
    let silent = env::var("MACHINEID_SILENT_URL")?;
    let waiting = Client::builder(KEY).base_url(silent).timeout(Duration::from_secs(60)).build()?;
    let result = thread::scope(|scope| {
        let call = scope.spawn(|| waiting.validate(DEVICE));
        // It is most probably in flight after this; a call to come would be cancelled too.
        thread::sleep(Duration::from_millis(200));
        waiting.cancel();
        call.join().expect("no thread panics")
    });
    println!("cancel: a call in flight {}", decided(&result));
    client.cancel();
    println!("cancel: a call to come {}", decided(&client.validate(DEVICE)));
    guard.wait_until_off(Some(Duration::from_secs(30)));
    println!("cancel: a guard has {}", state(guard.decision()?.state));
    Ok(())
}

fn text<'a>(reply: &'a Reply, member: &str) -> &'a str {
    reply[member].as_str().unwrap_or("none")
}

fn id(error: &Error) -> String {
    format!("request_id={} characters", error.request_id().map_or(0, str::len))
}

fn tell(result: &machineid::Result<Decision>) {
    match result {
        Ok(decision) => println!("validate: {} code={}", decided(result), decision.code()),
        Err(error) => println!("validate: {} code={} {}", decided(result), error.code(), id(error)),
    }
}

fn decided(result: &machineid::Result<Decision>) -> String {
    match result {
        Ok(decision) => format!("MID_OK allowed={}", decision.is_allowed() as i32),
        Err(error) => format!("{} allowed=0", error.status_name()),
    }
}

fn failed(result: &machineid::Result<Decision>) -> String {
    format!("{} {}", decided(result), result.as_ref().err().map_or("", Error::code))
}

fn nothing(done: Vec<&str>) -> String {
    if done.is_empty() {
        "nothing done".to_string()
    } else {
        done.join(", ")
    }
}

fn on(is_on: bool) -> &'static str {
    if is_on {
        "on"
    } else {
        "off"
    }
}

fn state(state: GuardState) -> String {
    format!("{:?}", state).to_lowercase()
}

fn ask(outage: &str) -> Done {
    let status = Command::new("ask").args(["/emulator/outage", outage]).status()?;
    assert!(status.success());
    Ok(())
}

extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// Runs one function in this process, and the other in a child, whose exit status is its result.
fn forked<T>(parent: impl FnOnce() -> T, child: impl FnOnce() -> i32) -> (T, i32) {
    let process = unsafe { fork() };
    if process == 0 {
        let result = child();
        unsafe { _exit(result) };
    }
    let result = parent();
    let mut ended = -1;
    unsafe { waitpid(process, &mut ended, 0) };
    (result, if ended & 0x7f == 0 { ended >> 8 & 0xff } else { 255 })
}
