mod common;

use common::{registered, resident, DEVICE};

/// All operations of this test run in one process without other tests, so that its memory is theirs.
#[test]
fn ten_thousand_calls_take_no_memory() {
    let (_emulator, client) = registered();
    let call = |index: usize| {
        assert!(client.allows(DEVICE));
        assert!(client.validate("never").is_err() && client.validate("a\0b").is_err());
        if index % 100 == 0 {
            assert_eq!(client.validate_many(&[DEVICE, "never", DEVICE]).len(), 3);
            let guard = client.guard(DEVICE).expect("the device is allowed");
            assert!(guard.is_allowed() && guard.decision().expect("memory").allowed);
        }
    };
    (0..1000).for_each(call);
    let before = resident();
    (1000..10_000).for_each(call);
    let more = resident() - before;
    println!("{} kB after 1,000 calls, {} kB more after 10,000", before, more);
    assert!(more < 512, "{} kB more after 10,000 calls than after 1,000", more);
}
