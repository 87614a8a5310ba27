//! gate.rs - works only when the authority allows it. Exit status: 0 it worked, 1 it was not allowed to.
use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_int};
use std::os::unix::ffi::OsStringExt;
use std::ptr::{null, null_mut};

#[repr(C)]
struct Client {
    _opaque: [u8; 0],
}
const MID_OK: i32 = 0;

#[link(name = "machineid")]
extern "C" {
    fn mid_client_from_env(options: *const c_char, client: *mut *mut Client, json: *mut *mut c_char) -> i32;
    fn mid_register(client: *mut Client, device_id: *const c_char, json: *mut *mut c_char) -> i32;
    fn mid_validate(client: *mut Client, device_id: *const c_char, allowed: *mut c_int, json: *mut *mut c_char) -> i32;
    fn mid_status_name(status: i32) -> *const c_char;
    fn mid_client_free(client: *mut Client);
    fn mid_free(json: *mut c_char);
}

fn main() {
    let device = std::env::var_os("MACHINEID_DEVICE_ID").unwrap_or_else(|| "agent-01".into());
    let device = CString::new(device.into_vec()).expect("an environment variable holds no NUL");
    let (mut client, mut json, mut allowed) = (null_mut(), null_mut(), 0);
    unsafe {
        let mut status = mid_client_from_env(null(), &mut client, &mut json);
        if status == MID_OK {
            status = mid_register(client, device.as_ptr(), &mut json);
        }
        if status == MID_OK {
            mid_free(json);
            status = mid_validate(client, device.as_ptr(), &mut allowed, &mut json);
        }
        if allowed != 0 {
            println!("working");
        } else {
            let (name, json) = (CStr::from_ptr(mid_status_name(status)), CStr::from_ptr(json));
            eprintln!("not allowed: {} {}", name.to_string_lossy(), json.to_string_lossy());
        }
        mid_free(json);
        mid_client_free(client);
    }
    std::process::exit(if allowed != 0 { 0 } else { 1 });
}
