//! Where a JSON value ends.

/// How far one value reaches.
#[derive(Default)]
pub(super) struct Extent {
    depth: u32,
    in_string: bool,
    escaped: bool,
    started: bool,
    pub(super) done: bool,
}

impl Extent {
    /// A number or word, which nothing closes.
    pub(super) fn is_scalar(&self) -> bool {
        self.started && self.depth == 0 && !self.in_string
    }

    /// How many of the bytes belong to the value.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        self.done = self.depth == 0;
                    }
                    _ => {}
                }
            } else {
                match byte {
                    b'}' | b']' | b',' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => {
                        self.done = true;
                        return at;
                    }
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                    b'}' | b']' => {
                        self.depth -= 1;
                        self.done = self.depth == 0;
                    }
                    _ => {}
                }
            }
            self.started = true;
            if self.done {
                return at + 1;
            }
        }
        bytes.len()
    }
}
