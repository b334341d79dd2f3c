//! The server that a fuzz target calls, in this process.

use landfall::config;
use landfall::usersig::SecretKey;
use landfall_domain::ids::AppId;
use std::net::SocketAddr;
use tokio::runtime::Runtime;

pub const APP: AppId = AppId(1_400_000_001);
const KEY: &str = "d1f0c3a2b4958677e6a5d4c3b2a1908f7e6d5c4b3a29181706f5e4d3c2b1a099";

/// The key of the app.
pub fn key() -> SecretKey {
    SecretKey::new(KEY.to_owned()).expect("a key")
}

/// Starts the server, which lives as long as the runtime. A panic anywhere ends the process.
pub fn start() -> (Runtime, SocketAddr) {
    // One in a task of the server would otherwise only close a connection.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
    let folder = tempfile::tempdir().expect("a folder for the data").keep();
    let AppId(app) = APP;
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[store]\nurl = \"embedded:{}\"\n[limits]\ncalls_per_second = 0\n\
         [[app]]\nsdk_app_id = {app}\nsecret_key = \"{KEY}\"\n\
         group_fields = [ {{ key = \"Room\", types = [\"Public\", \"Community\"] }} ]\n",
        folder.display()
    );
    let config = config::parse("fuzz", &text, []).expect("the configuration is right");
    let runtime = Runtime::new().expect("a runtime");
    let (ready, address) = std::sync::mpsc::channel();
    let ready = move |listening: landfall::server::Listening| {
        ready.send(listening.address).expect("somebody waits");
    };
    runtime.spawn(landfall::server::serve(config, ready, std::future::pending()));
    (runtime, address.recv().expect("the server starts"))
}
