//! The server as its clients meet it: over the network, request by request.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod console;
#[cfg(test)]
mod described;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod files;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod history;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod location;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod odd_input;
#[cfg(test)]
mod page;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod test_client;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod uploads;
#[cfg(test)]
mod webhooks;
