//! The documents, held to what the program does.
//!
//! A fenced block of `README.md` or `docs/*.md` says after its language what is to be done with it:
//!
//! | Block | Meaning |
//! |---|---|
//! | `sh run` | run by bash; must exit with 0 |
//! | `sh serve 8443` | a server, started in the background; the page calls its port 8443 |
//! | `sh serve 8443 9464` | the same with figures, at the port that the page calls 9464 |
//! | `json expect` | what the block before it printed, at least |
//! | `text expect` | each line stands in what the block before it printed, in this order |
//! | `text quickstart` | each line stands so on the screen of the quickstart, in this order |
//! | `toml` | loads as a configuration, given an app where it names none |
//! | `toml NAME` | that too, and is written to the file NAME |
//!
//! Each page runs in a directory of its own, beside a fresh quickstart on port 8080 with its data in `data`. Real
//! ports are others: the numbers are replaced wherever they follow a colon.

#[cfg(test)]
mod claims;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod page;
