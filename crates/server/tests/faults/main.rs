//! Faults with real processes: killed under load, a disk that fails or is full, a database that stops, a bad start,
//! an ordered end; and several servers that work together.
//!
//! What was acknowledged is there afterwards, complete; what was not is there completely or not at all.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod answers;
mod attacks;
mod chat;
mod check;
mod clients;
mod copy;
mod damage;
mod database;
mod disk;
mod end;
mod events;
mod jobs;
mod kicks;
mod kill;
mod load;
mod logs;
mod moving;
mod outputs;
mod rates;
#[expect(dead_code, reason = "the tests over the network use the rest")]
#[path = "../it/receiver.rs"]
mod receiver;
mod server;
mod several;
mod start;
mod talking;
#[path = "../it/test_client.rs"]
mod test_client;
mod together;
mod wire;
