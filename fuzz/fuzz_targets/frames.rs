//! Frames of clients with different rights, against a server in this process.
//!
//! Each frame is answered once at most, and what the clients may not change stays as it is; a panic anywhere ends the run.
//! From the folder of the project:
//!
//! ```sh
//! cargo install cargo-fuzz
//! cargo +nightly fuzz run frames -- -max_total_time=300 -max_len=4000
//! ```

#![no_main]

#[path = "../../crates/server/tests/it/clients/frames/property.rs"]
mod property;
#[path = "../../crates/server/tests/it/clients/frames/words.rs"]
mod words;

use landfall::config;
use landfall::usersig::SecretKey;
use landfall_domain::ids::AppId;
use libfuzzer_sys::fuzz_target;
use property::World;
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio::runtime::Runtime;

const APP: u32 = 1_400_000_001;
const KEY: &str = "d1f0c3a2b4958677e6a5d4c3b2a1908f7e6d5c4b3a29181706f5e4d3c2b1a099";

struct Target {
    runtime: Runtime,
    world: Mutex<World>,
}

/// Starts the server once; it lives as long as the process.
fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        // A panic in a task of the server would otherwise only close a connection.
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            report(panic);
            std::process::abort();
        }));
        let folder = tempfile::tempdir().expect("a folder for the data").keep();
        let text = format!(
            "listen = \"127.0.0.1:0\"\n[store]\nurl = \"embedded:{}\"\n[limits]\ncalls_per_second = 0\n\
             [[app]]\nsdk_app_id = {APP}\nsecret_key = \"{KEY}\"\n",
            folder.display()
        );
        let config = config::parse("fuzz", &text, []).expect("the configuration is right");
        let runtime = Runtime::new().expect("a runtime");
        let (ready, address) = std::sync::mpsc::channel();
        let ready = move |listening: landfall::server::Listening| {
            ready.send(listening.address).expect("somebody waits");
        };
        runtime.spawn(landfall::server::serve(config, ready, std::future::pending()));
        let address = address.recv().expect("the server starts");
        let key = SecretKey::new(KEY.to_owned()).expect("a key");
        let world = runtime.block_on(World::make(address, AppId(APP), key, "administrator"));
        Target { runtime, world: Mutex::new(world) }
    })
}

fuzz_target!(|input: &[u8]| {
    let target = target();
    let mut world = target.world.lock().unwrap_or_else(PoisonError::into_inner);
    target.runtime.block_on(world.check(input));
});
