//! The group-chat server.

pub mod apps;
pub mod call;
pub mod certs;
pub mod cli;
pub mod client;
pub mod clients;
pub mod code;
pub mod commands;
pub mod config;
mod connection;
mod console;
mod gateway;
pub mod given;
pub mod listen;
pub mod logging;
pub mod metrics;
pub mod quickstart;
pub mod reply;
pub mod retention;
pub mod server;
pub mod store_copy;
pub mod store_distribute;
pub mod tls;
mod url;
pub mod usersig;
pub mod webhook;
