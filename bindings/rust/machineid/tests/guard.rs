mod common;

use common::{block_on, registered, slack, ticks, until, DEVICE, KEY};
use machineid::{Client, ErrorKind, Guard, GuardOptions, GuardState, Stopped};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(200);

/// An interval, a tenth, and a second for a busy machine.
fn bound() -> Duration {
    INTERVAL + INTERVAL / 10 + Duration::from_secs(1) + slack()
}

fn guard(client: &Client) -> Guard {
    client.guard_with(DEVICE, &GuardOptions::new().interval(INTERVAL)).expect("the device is allowed")
}

#[test]
fn a_revoked_guard_ends() {
    let (_emulator, client) = registered();
    let guard = guard(&client);
    assert!(guard.is_allowed() && !guard.wait_until_off(Some(Duration::ZERO)));
    client.revoke(DEVICE).expect("revoked");
    let revoked = Instant::now();
    assert!(guard.wait_until_off(None) && !guard.is_allowed());
    assert!(revoked.elapsed() < bound(), "after {:?}", revoked.elapsed());
    let report = guard.decision().expect("memory");
    assert_eq!((report.state, report.allowed, report.decision.code()), (GuardState::Denied, false, "DEVICE_REVOKED"));
    client.unrevoke(DEVICE).expect("unrevoked");
    assert!(client.allows(DEVICE) && !guard.is_allowed());
}

#[test]
fn a_future_is_ready_when_the_guard_is_denied() {
    let (_emulator, client) = registered();
    let guard = guard(&client);
    let revoked = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| {
            until("some checks", || guard.decision().map_or(false, |report| report.checks > 3));
            client.revoke(DEVICE).expect("revoked");
            Instant::now()
        });
        let (error, polls) = block_on(guard.stopped());
        let revoked = revoking.join().expect("no panic");
        assert!(revoked.elapsed() < bound(), "after {:?}", revoked.elapsed());
        assert!(error.is_denied() && error.code() == "DEVICE_REVOKED" && error.request_id().is_some(), "{}", error);
        assert!(polls <= 3, "{} polls", polls);
        // It waited for more than three checks. A busy thread would have used all of that time.
        let used: u64 = ticks("machineid-await").iter().sum();
        assert!(used < 20, "{} ticks of 10 ms", used);
        revoked
    });
    assert!(revoked.elapsed() < Duration::from_secs(60));
    let (error, polls) = block_on(guard.stopped());
    assert!(error.is_denied() && polls == 1);
}

#[test]
fn futures_end_with_their_client() {
    let (_emulator, client) = registered();
    let guards: Vec<_> = (0..20).map(|_| guard(&client)).collect();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = guards.iter().map(|guard| scope.spawn(|| block_on(guard.stopped()).0)).collect();
        // A future that is dropped before its guard ends, and one that is never polled.
        drop(guards[0].stopped());
        drop(poll_once(guards[1].stopped()));
        client.cancel();
        for thread in waiting {
            assert_eq!(thread.join().expect("no panic").kind(), ErrorKind::Cancelled);
        }
    });
    assert_eq!(ticks("machineid-await").len(), 1);
}

/// Polls a future, which is watched from then on.
fn poll_once(mut stopped: Stopped<'_>) -> Stopped<'_> {
    use std::{future::Future, pin::Pin, sync::Arc, task::Context, task::Wake};
    struct Nobody;
    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }
    assert!(Pin::new(&mut stopped).poll(&mut Context::from_waker(&Arc::new(Nobody).into())).is_pending());
    stopped
}

#[test]
fn a_guard_lapses_and_comes_back() {
    let (emulator, client) = registered();
    let options = GuardOptions::new().interval(Duration::from_millis(50)).max_age(Duration::from_millis(1000));
    let guard = client.guard_with(DEVICE, &options).expect("the device is allowed");
    emulator.ask(KEY, "/emulator/outage", "{\"httpStatus\":503}").expect("an outage");
    assert!(guard.wait_until_off(Some(Duration::from_secs(30))));
    let report = guard.decision().expect("memory");
    assert_eq!(report.state, GuardState::Lapsed);
    assert!(report.failures > 0 && report.age >= Duration::from_millis(1000));
    assert_eq!(report.failure.map(|failure| failure.code().to_string()).as_deref(), Some("CLIENT_UNAVAILABLE"));
    emulator.ask(KEY, "/emulator/outage", "{}").expect("its end");
    until("it is on again", || guard.is_allowed());
}

#[test]
fn a_guard_may_outlive_its_client() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Guard>();
    let (_emulator, client) = registered();
    let guard = guard(&client);
    drop(client);
    assert!(!guard.is_allowed());
    assert_eq!(guard.decision().expect("memory").state, GuardState::Ended);
    assert_eq!(block_on(guard.stopped()).0.kind(), ErrorKind::Cancelled);
    assert!(guard.fd().is_some());
}

#[test]
fn bad_options_are_named() {
    let (_emulator, client) = registered();
    let options = GuardOptions::new().interval(Duration::from_millis(19));
    let error = client.guard_with(DEVICE, &options).expect_err("the interval is too short");
    assert!(error.kind() == ErrorKind::InvalidOptions && error.message().contains("interval_ms"), "{}", error);
    assert_eq!(client.guard("a\0b").expect_err("a NUL").kind(), ErrorKind::InvalidArgument);
}
