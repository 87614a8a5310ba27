//! Every operation, and the ways in which they fail, in the lines that the packages of all languages print.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{block_on, Emulator, DEVICE};
use machineid::{Client, Decision, Error, GuardOptions, GuardState, Options, Reply};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

const KEY: &str = "org_runtimes";
const OUTAGE_KEY: &str = "org_outage";

fn main() -> machineid::Result<()> {
    let emulator = Emulator::start(&[KEY, OUTAGE_KEY]);
    std::env::set_var("MACHINEID_ORG_KEY", KEY);
    std::env::set_var("MACHINEID_BASE_URL", &emulator.url);
    println!("version {}", machineid::version());
    let client = Client::from_env(&Options::new())?;

    println!("register: {}", done(client.register(DEVICE), "status"));
    println!("register again: {}", done(client.register(DEVICE), "status"));
    println!("validate: {}", decided(&client.validate(DEVICE), true));
    if client.validate(DEVICE)?.is_allowed() {
        println!("work: one unit done");
    }
    let allowed: usize = thread::scope(|scope| {
        let four = || (0..4).filter(|_| client.allows(DEVICE)).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(four)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).sum()
    });
    println!("threads: {} of 32 allowed", allowed);
    fork(&client);

    println!("revoke: {}", status(client.revoke(DEVICE)));
    let denied = client.validate(DEVICE);
    println!("validate: {} request_id={} characters", decided(&denied, true), id_length(&denied));
    println!("register revoked: {}", done(client.register(DEVICE), "status"));
    println!("unrevoke: {}", status(client.unrevoke(DEVICE)));
    println!("validate: {}", decided(&client.validate(DEVICE), true));
    println!("restore: {}", status(client.restore(DEVICE)));
    println!("list: MID_OK {} device", client.list_devices()?["devices"].as_array().map_or(0, <[_]>::len));
    println!("usage: {}", done(client.usage(), "planTier"));
    println!("umlaut device: {}", decided(&client.validate("wörker:prod:07"), false));
    never_registered(&client);
    println!("remove: {}", status(client.remove(DEVICE)));
    if let Err(error) = client.remove(DEVICE) {
        println!("remove again: {} {} request_id={} characters", error.status_name(), error.code(), length(&error));
    }
    bad_input(&client);
    other_authorities(&emulator)?;
    guards(&client, &emulator)?;
    many(&client)?;
    cancel();
    Ok(())
}

/// The status of an operation, with a member of its reply.
fn done(result: machineid::Result<Reply>, member: &str) -> String {
    let text = result.as_ref().ok().and_then(|reply| reply[member].as_str().map(str::to_string));
    format!("{} {}={}", status(result), member, text.unwrap_or_default())
}

fn status(result: machineid::Result<Reply>) -> &'static str {
    result.as_ref().map_or_else(Error::status_name, |_| "MID_OK")
}

fn decided(result: &machineid::Result<Decision>, with_code: bool) -> String {
    let (status, allowed, code) = match result {
        Ok(decision) => ("MID_OK", decision.is_allowed(), decision.code()),
        Err(error) => (error.status_name(), false, error.code()),
    };
    let code = if with_code { format!(" code={}", code) } else { String::new() };
    format!("{} allowed={}{}", status, allowed as i32, code)
}

fn id_length(result: &machineid::Result<Decision>) -> usize {
    result.as_ref().err().map_or(0, length)
}

fn length(error: &Error) -> usize {
    error.request_id().map_or(0, str::len)
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
    println!("never registered: {}", if done.is_empty() { "nothing done".into() } else { done.join(", ") });
    if let Err(error) = client.validate("never") {
        println!("never registered: {} {} request_id={} characters", error.status_name(), error.code(), length(&error));
    }
}

fn bad_input(client: &Client) {
    let wrong = Options::new().set("timeout", machineid::Value::Number("1".into()));
    if let Err(error) = Client::from_env(&wrong) {
        let named = if error.message().contains("timeout") { "timeout" } else { error.message() };
        println!("wrong option: {} {} {}", error.status_name(), error.code(), named);
    }
    if let Err(error) = client.validate("") {
        println!("no device: {} {}", error.status_name(), error.code());
    }
    println!("NUL: {}", named(&client.validate("a\0b")));
    let said = match Client::new("org_marker\0", &Options::new()) {
        Err(error) => format!("{} {:?}", error, error),
        Ok(_) => "marker".into(),
    };
    println!("secret: {}", if said.contains("marker") { said } else { "refused, and not shown".into() });
}

fn named(result: &machineid::Result<Decision>) -> String {
    match result {
        Err(error) if error.kind() == machineid::ErrorKind::InvalidArgument && error.message().contains("device") => {
            "an argument error that names it".into()
        }
        other => format!("{:?}", other),
    }
}

fn other_authorities(emulator: &Emulator) -> machineid::Result<()> {
    // The reply holds unusual numbers. Its answer counts all the same.
    let odd = Client::new(KEY, &Options::new().base_url(odd_authority()))?;
    println!("odd numbers: {}", decided(&odd.validate(DEVICE), false));

    // An outage is neither an answer nor a refusal: the next call may bring an answer.
    let out = Client::new(OUTAGE_KEY, &emulator.options().max_retries(0))?;
    out.register(DEVICE)?;
    emulator.ask(OUTAGE_KEY, "/emulator/outage", "{\"httpStatus\":503,\"requests\":1}");
    println!("outage: {}", with_code(&out.validate(DEVICE)));
    println!("outlived: {}", decided(&out.validate(DEVICE), false));

    let unreachable = Client::new(KEY, &Options::new().base_url("http://127.0.0.1:1").max_retries(0))?;
    println!("unreachable: {}", with_code(&unreachable.validate(DEVICE)));
    unreachable.cancel();
    println!("cancelled: {}", decided(&unreachable.validate(DEVICE), false));
    Ok(())
}

fn with_code(result: &machineid::Result<Decision>) -> String {
    format!("{} {}", decided(result, false), result.as_ref().err().map_or("", |error| error.code()))
}

/// An authority that allows one call, in a reply that some parsers refuse. Returns its URL.
fn odd_authority() -> String {
    let numbers = "18446744073709551615,-9223372036854775809,1e-400,1e300,-0,0.1e1,".to_string() + &"9".repeat(300);
    let deep = "[".repeat(60) + &"]".repeat(60);
    let body = format!("{{\"allowed\":true,\"code\":\"ALLOW\",\"numbers\":[{}],\"deep\":{}}}", numbers, deep);
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a call comes");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        let (mut read, mut bytes) = (Vec::new(), [0; 1024]);
        while !read.ends_with(b"}") {
            let count = stream.read(&mut bytes).expect("the request comes");
            read.extend_from_slice(&bytes[..count]);
        }
        stream.write_all((head + &body).as_bytes()).expect("the reply is read");
    });
    url
}

fn guards(client: &Client, emulator: &Emulator) -> machineid::Result<()> {
    let interval = Duration::from_millis(200);
    client.register(DEVICE)?;
    let guard = client.guard(DEVICE, &GuardOptions::new().interval(interval))?;
    println!("guard: allowed={}", guard.is_allowed() as i32);
    client.revoke(DEVICE)?;
    let revoked = Instant::now();
    let (error, _) = block_on(guard.stopped());
    let in_time = revoked.elapsed() <= interval + interval / 10 + Duration::from_secs(1);
    println!("guard revoked: {} {}", error.code(), if in_time { "within its interval" } else { "too late" });
    println!("guard: allowed={}", guard.is_allowed() as i32);

    client.unrevoke(DEVICE)?;
    let options = GuardOptions::new().interval(Duration::from_millis(50)).max_age(Duration::from_millis(500));
    let guard = client.guard(DEVICE, &options)?;
    emulator.ask(KEY, "/emulator/outage", "{\"httpStatus\":503}");
    let lapsed = guard.wait(Some(Duration::from_secs(30))) && guard.report()?.state == GuardState::Lapsed;
    println!("guard in an outage: {}", if lapsed { "lapsed" } else { "still on" });
    emulator.ask(KEY, "/emulator/outage", "{}");
    common::until("the guard is on again", || guard.is_allowed());
    println!("guard after the outage: on");
    Ok(())
}

fn many(client: &Client) -> machineid::Result<()> {
    let results = client.validate_many(&[DEVICE, "never", "a\0b"])?;
    let codes: Vec<_> = results.iter().map(|result| result.as_ref().map_or_else(Error::code, Decision::code)).collect();
    println!("validate many: {}", codes.join(" "));
    Ok(())
}

/// A listener that nobody accepts from takes connections and never answers.
fn cancel() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("http://{}", silent.local_addr().expect("it has an address"));
    let client = Client::new(KEY, &Options::new().base_url(url).timeout(Duration::from_secs(60))).expect("a client");
    let result = thread::scope(|scope| {
        let waiting = scope.spawn(|| client.validate(DEVICE));
        silent.accept().expect("the call has begun");
        client.cancel();
        waiting.join().expect("no thread panics")
    });
    println!("cancel: {}", decided(&result, false));
}

extern "C" {
    #[link_name = "fork"]
    fn c_fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// The child reports its result through its exit status.
fn fork(client: &Client) {
    let word = |allowed| if allowed { "allowed" } else { "not allowed" };
    let child = unsafe { c_fork() };
    if child == 0 {
        let allowed = client.allows(DEVICE);
        unsafe { _exit(!allowed as i32) };
    }
    let mut ended = -1;
    let parent = client.allows(DEVICE);
    unsafe { waitpid(child, &mut ended, 0) };
    println!("fork: parent {}, child {}", word(parent), word(ended == 0));
}
