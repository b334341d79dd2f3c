//! What goes wrong at random, the same way for the same seed.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use std::convert::Infallible;

/// When calls go wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles {
    random: u64,
    /// Of 1,000 calls.
    often: u64,
    /// Calls that are never answered, at most: each costs the time of a whole call.
    never: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    TooFrequent,
    Internal { effect: bool },
    TimedOut { effect: bool },
    Half { effect: bool },
    Reset { effect: bool },
    Never { effect: bool },
    Strange { effect: bool },
}

/// What a caller gets.
pub(crate) enum Answer {
    Whole(String),
    /// The connection ends in the middle of it.
    Half(String),
    /// The page of a gateway.
    Strange,
    /// There is no such file.
    Missing,
    /// The connection ends.
    Reset,
    Never,
}

impl Troubles {
    pub(crate) fn new(seed: u64, often: u64) -> Self {
        Self { random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, often, never: 1 }
    }

    /// Every call goes wrong.
    pub(crate) fn always() -> Self {
        Self { never: 0, ..Self::new(1, 1_000) }
    }

    pub(crate) fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below
    }

    pub(crate) fn next(&mut self) -> Option<Trouble> {
        if self.often == 0 || self.often <= self.random(1_000) {
            return None;
        }
        let effect = self.random(2) == 0;
        Some(match self.random(10) {
            0..3 => Trouble::TooFrequent,
            3..5 => Trouble::Internal { effect },
            5 => Trouble::TimedOut { effect },
            6 => Trouble::Half { effect },
            7 => Trouble::Reset { effect },
            8 if 0 < self.never => {
                self.never -= 1;
                Trouble::Never { effect }
            }
            _ => Trouble::Strange { effect },
        })
    }
}

impl Trouble {
    pub(crate) fn has_effect(&self) -> bool {
        match self {
            Self::TooFrequent => false,
            Self::Internal { effect }
            | Self::TimedOut { effect }
            | Self::Half { effect }
            | Self::Reset { effect }
            | Self::Never { effect }
            | Self::Strange { effect } => *effect,
        }
    }

    /// Contents of files come without envelopes.
    pub(crate) fn of_file(self) -> Answer {
        match self {
            Self::TooFrequent | Self::Internal { .. } | Self::TimedOut { .. } | Self::Strange { .. } => {
                Answer::Strange
            }
            Self::Half { .. } => Answer::Half("half of a file".to_owned()),
            Self::Reset { .. } => Answer::Reset,
            Self::Never { .. } => Answer::Never,
        }
    }

    pub(crate) fn answer(trouble: Option<Self>, reply: String) -> Answer {
        let code = |code: u64| Answer::Whole(super::envelope(Err(code)));
        match trouble {
            None => Answer::Whole(reply),
            Some(Self::TooFrequent) => code(60_007),
            Some(Self::Internal { .. }) => code(10_002),
            Some(Self::TimedOut { .. }) => code(60_008),
            Some(Self::Half { .. }) => {
                Answer::Half(if reply.is_empty() { "{\"Err".to_owned() } else { reply })
            }
            Some(Self::Reset { .. }) => Answer::Reset,
            Some(Self::Never { .. }) => Answer::Never,
            Some(Self::Strange { .. }) => Answer::Strange,
        }
    }
}

/// A body that ends too early.
pub(crate) fn cut(half: String) -> BoxBody<Bytes, Infallible> {
    let frame = futures_util::stream::iter([Ok(Frame::data(Bytes::from(half)))]);
    StreamBody::new(frame).boxed()
}
