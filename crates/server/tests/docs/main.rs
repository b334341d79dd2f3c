//! The documents, checked against the program.
//!
//! A fenced block of `README.md` or `docs/*.md` has a word after its language that says how it is tested:
//!
//! | Block | Meaning |
//! |---|---|
//! | `sh run` | run by bash; must exit with 0 |
//! | `sh serve 8443` | a server, started in the background; the page uses port 8443 for it |
//! | `sh serve 8443 9464` | the same with metrics, for which the page uses port 9464 |
//! | `json expect` | part of the output of the block before it |
//! | `text expect` | each line begins a line of the output of the block before it, in this order |
//! | `text quickstart` | each line is a line of the output of the quickstart, in this order; `…` stands for anything |
//! | `toml` | loads as a configuration, with an app added when it has none |
//! | `toml NAME` | the same, and is written to the file NAME |
//!
//! Each page runs in its own directory, beside a fresh quickstart on port 8080 with its data in `data`. The real ports
//! differ: port numbers are replaced wherever they follow a colon.

#[cfg(test)]
mod claims;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod page;
#[cfg(test)]
mod paragraphs;
