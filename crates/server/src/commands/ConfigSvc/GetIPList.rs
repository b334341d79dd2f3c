//! `ConfigSvc/GetIPList`: answers the addresses of the server.
//!
//! [choice] Clients connect to, and webhooks come from, the address that the server listens at: whatever `nettype` asks for,
//! the answer is that address. The list is empty where the server listens at all addresses of its machine, because it does not know which
//! of them others see.

use crate::call::{Call, Command};
use crate::reply::Failure;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {}

#[derive(Debug, Serialize)]
pub struct Reply {
    #[serde(rename = "IPList")]
    ip_list: Vec<String>,
}

impl Command for Request {
    const PATH: &'static str = "ConfigSvc/GetIPList";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let known = Some(call.listening_at).filter(|address| !address.is_unspecified());
        Ok(Reply { ip_list: known.iter().map(ToString::to_string).collect() })
    }
}
