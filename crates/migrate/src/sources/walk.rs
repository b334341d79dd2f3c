//! Walks through a JSON document that memory cannot hold: a value at a time, each with a bound.

mod extent;
pub(super) mod lines;

use crate::fault::{Fault, FaultCode};
use crate::format::reader::LINE_BYTES_MAX;
use crate::sources::builder::Builder;
use crate::sources::problem::{Problem, shape};
use crate::sources::sink::ConvertError;
use extent::Extent;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead};

/// Deepest nesting of arrays and objects that is walked through.
const DEPTH_MAX: usize = 64;
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Why a document cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WalkError {
    #[error("cannot be read")]
    Io(#[from] io::Error),
    #[error("{}", .0.message)]
    Document(Box<Fault>),
    /// What was found cannot be converted.
    #[error(transparent)]
    Convert(#[from] Box<ConvertError>),
}

impl WalkError {
    /// Reports a fault of the document, and hands on everything else.
    ///
    /// # Errors
    /// It is no fault of the document, or the output fails.
    pub(crate) fn settle(self, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
        match self {
            Self::Document(fault) => Ok(builder.fault(*fault)?),
            Self::Convert(error) => Err(*error),
            Self::Io(error) => Err(error.into()),
        }
    }
}

/// A document, and where in it the reader is.
pub(crate) struct Walk<R> {
    input: R,
    /// What the document is called in faults.
    name: String,
    line: u64,
    /// For each array or object that is open: whether its next element is the first.
    open: Vec<bool>,
    buffer: Vec<u8>,
}

impl<R: BufRead> Walk<R> {
    /// Starts in front of the first value.
    ///
    /// # Errors
    /// The document is empty, is UTF-16, or cannot be read.
    pub(crate) fn new(mut input: R, name: &str) -> Result<Self, WalkError> {
        if let Err(error) = input.fill_buf() {
            return Err(unreadable(name, 1, &error));
        }
        let start = input.fill_buf()?;
        let utf16 = matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]);
        let mark = if start.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        input.consume(mark);
        let mut walk = Self { input, name: name.to_owned(), line: 1, open: Vec::new(), buffer: Vec::new() };
        if utf16 {
            return Err(walk.error(FaultCode::NotUtf8, "is not UTF-8 but UTF-16; convert the file to UTF-8"));
        }
        if walk.peek()?.is_none() {
            return Err(walk.error(FaultCode::Empty, "is empty"));
        }
        Ok(walk)
    }

    fn error(&self, code: FaultCode, problem: &str) -> WalkError {
        let at = if code == FaultCode::Empty { String::new() } else { format!(", line {}", self.line) };
        WalkError::Document(Box::new(Fault::new(0, code, format!("{}{at}: {problem}", self.name))))
    }

    fn not_json(&self, problem: &str) -> WalkError {
        self.error(FaultCode::NotJson, &format!("is not JSON: {problem}"))
    }

    fn cut_off(&self) -> WalkError {
        self.error(FaultCode::CutOff, "the file ends in the middle; it was cut off, so export it again")
    }

    /// The next byte that is not a space, without taking it.
    ///
    /// # Errors
    /// The document cannot be read.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, WalkError> {
        loop {
            self.fill()?;
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let spaces = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.line += newlines(buffer.get(..spaces).unwrap_or_default());
            let found = buffer.get(spaces).copied();
            self.input.consume(spaces);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Makes sure that the next bytes can be taken: an archive may be damaged here.
    fn fill(&mut self) -> Result<(), WalkError> {
        match self.input.fill_buf() {
            Ok(_) => Ok(()),
            Err(error) => Err(unreadable(&self.name, self.line, &error)),
        }
    }

    fn byte(&mut self) -> Result<u8, WalkError> {
        self.peek()?.ok_or_else(|| self.cut_off())
    }

    /// Steps into the array or object that comes next; false where another value does, which is not taken.
    ///
    /// # Errors
    /// The document ends or cannot be read.
    pub(crate) fn enter(&mut self, bracket: u8) -> Result<bool, WalkError> {
        if self.byte()? != bracket {
            return Ok(false);
        }
        if self.open.len() == DEPTH_MAX {
            return Err(self.not_json("it is nested too deep"));
        }
        self.input.consume(1);
        self.open.push(true);
        Ok(true)
    }

    /// Steps to the next element of the open array; false behind the last, and the array is closed.
    ///
    /// # Errors
    /// The document is damaged there.
    pub(crate) fn element(&mut self) -> Result<bool, WalkError> {
        self.step(b']')
    }

    /// The name of the next member of the open object, whose value comes next; `None` behind the last, and the object is closed.
    ///
    /// # Errors
    /// The document is damaged there.
    pub(crate) fn member(&mut self) -> Result<Option<String>, WalkError> {
        if !self.step(b'}')? {
            return Ok(None);
        }
        let name = self.parse::<String>()?;
        let name = name.map_err(|_| self.not_json("the name of a member is not a string"))?;
        if self.byte()? != b':' {
            return Err(self.not_json("a member has no colon"));
        }
        self.input.consume(1);
        Ok(Some(name))
    }

    fn step(&mut self, closing: u8) -> Result<bool, WalkError> {
        let next = self.byte()?;
        let first = self.open.pop().ok_or_else(|| self.not_json("nothing is open"))?;
        if next == closing {
            self.input.consume(1);
            return Ok(false);
        }
        if !first {
            if next != b',' {
                return Err(self.not_json("a comma is missing"));
            }
            self.input.consume(1);
        }
        self.open.push(false);
        Ok(true)
    }

    /// Takes the next value as another type; the inner error says why it has not that shape, and on which line it starts.
    ///
    /// # Errors
    /// The document is damaged there, or the value is too long.
    pub(crate) fn parse<T: DeserializeOwned>(&mut self) -> Result<Result<T, Problem>, WalkError> {
        let line = self.next_line()?;
        Ok(shape(self.text()?).map_err(|problem| problem.on(line)))
    }

    /// The line that the next value starts on, counted from 1.
    ///
    /// # Errors
    /// The document cannot be read.
    pub(crate) fn next_line(&mut self) -> Result<u64, WalkError> {
        self.peek()?;
        Ok(self.line)
    }

    /// Takes the next value as it is written.
    ///
    /// # Errors
    /// The document is damaged there, or the value is too long.
    pub(crate) fn text(&mut self) -> Result<&str, WalkError> {
        self.buffer.clear();
        let line = self.line;
        self.scan(true)?;
        if let Err(error) = std::str::from_utf8(&self.buffer) {
            let before = self.buffer.get(..error.valid_up_to()).unwrap_or_default();
            self.line = line + newlines(before);
            return Err(self.error(FaultCode::NotUtf8, "is not UTF-8; convert the file to UTF-8"));
        }
        Ok(std::str::from_utf8(&self.buffer).unwrap_or_default())
    }

    /// Passes over the next value, however long it is.
    ///
    /// # Errors
    /// The document is damaged there.
    pub(crate) fn skip(&mut self) -> Result<(), WalkError> {
        self.scan(false)
    }

    /// Checks that nothing follows the last value.
    ///
    /// # Errors
    /// Something does.
    pub(crate) fn end(&mut self) -> Result<(), WalkError> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.not_json("more follows its end")),
        }
    }

    fn scan(&mut self, keep: bool) -> Result<(), WalkError> {
        if matches!(self.byte()?, b',' | b':' | b']' | b'}') {
            return Err(self.not_json("a value is missing"));
        }
        let mut extent = Extent::default();
        loop {
            self.fill()?;
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return if extent.is_scalar() { Ok(()) } else { Err(self.cut_off()) };
            }
            let taken = extent.advance(buffer);
            let part = buffer.get(..taken).unwrap_or_default();
            self.line += newlines(part);
            if keep {
                self.buffer.extend_from_slice(part);
            }
            self.input.consume(taken);
            if extent.done {
                return Ok(());
            }
            if keep && LINE_BYTES_MAX < self.buffer.len() {
                let problem = format!("a value is longer than {LINE_BYTES_MAX} bytes");
                return Err(self.error(FaultCode::LineTooLong, &problem));
            }
        }
    }
}

fn unreadable(name: &str, line: u64, error: &io::Error) -> WalkError {
    let text = format!("{name}, line {line}: the file cannot be read on: {error}");
    WalkError::Document(Box::new(Fault::new(0, FaultCode::CutOff, text)))
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The values of a list of objects with a list each, however the input is cut into pieces.
    fn walked(text: &[u8], piece: usize) -> Result<Vec<Value>, WalkError> {
        let mut walk = Walk::new(io::BufReader::with_capacity(piece, text), "a.json")?;
        let mut values = Vec::new();
        if !walk.enter(b'[')? {
            return Ok(values);
        }
        while walk.element()? {
            if !walk.enter(b'{')? {
                walk.skip()?;
                continue;
            }
            while let Some(name) = walk.member()? {
                if name != "list" || !walk.enter(b'[')? {
                    walk.skip()?;
                    continue;
                }
                while walk.element()? {
                    let value: Result<Value, _> = walk.parse()?;
                    values.push(value.unwrap_or(Value::Null));
                }
            }
        }
        walk.end()?;
        Ok(values)
    }

    fn problem(text: &[u8]) -> String {
        walked(text, 8).unwrap_err().to_string()
    }

    const TEXT: &str = r#" [ 1, "a]", {"x": {"y": [1, "}"]}, "list": [12, "a\"b", {"c":[ ]} ,null],
        "list": [], "z": true}, {}, {"list":[-1.5e3]}] "#;

    #[test]
    fn values_are_the_same_however_the_document_is_cut_into_pieces() {
        let expected: Vec<Value> = serde_json::from_str(r#"[12, "a\"b", {"c":[]}, null, -1500.0]"#).unwrap();
        for piece in 1..TEXT.len() {
            assert_eq!(walked(TEXT.as_bytes(), piece).unwrap(), expected, "pieces of {piece} bytes");
        }
    }

    #[test]
    fn a_document_that_is_cut_off_anywhere_is_a_fault() {
        let whole = TEXT.trim();
        for end in 1..whole.len() {
            let problem = problem(whole.get(..end).unwrap().as_bytes());
            assert!(problem.contains("cut off"), "{end} bytes: {problem}");
        }
    }

    #[test]
    fn faults_name_the_document_and_the_line() {
        assert_eq!(problem(b" \n"), "a.json: is empty");
        assert_eq!(
            problem(b"[\n{\"list\":[\n\"\xff\"]}]"),
            "a.json, line 3: is not UTF-8; convert the file to UTF-8"
        );
        assert!(problem(b"\xff\xfe[\0").contains("UTF-16"));
        assert_eq!(problem(b"[1 2]"), "a.json, line 1: is not JSON: a comma is missing");
        assert_eq!(problem(b"[1]\n]"), "a.json, line 2: is not JSON: more follows its end");
        assert_eq!(problem(b"[{\"a\" 1}]"), "a.json, line 1: is not JSON: a member has no colon");
    }
}
