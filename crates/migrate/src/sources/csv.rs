//! Reads CSV files of time, channel, user and text.
//!
//! The first row names the columns, in any order; without such a row they are time, channel, user and text. Commas, semicolons and
//! tabs separate them. A column for the message's own id is used where there is one. Conversations become Private groups, because
//! nothing says who may read them; whoever wrote is a member. [choice]

mod bounded;
pub(super) mod columns;

use self::bounded::{Bounded, ROW_BYTES_MAX, RowEnd, bounded};
use self::columns::Columns;
use super::builder::Builder;
use super::builder::model::{Channel, Message, User};
use super::kind::Format;
use super::sink::ConvertError;
use super::times;
use crate::fault::{Fault, FaultCode};
use crate::format::{Kind, identity};
use crate::mapping::ChannelKind;
use crate::sort::{Entry, Sorter};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Memory for rows that are being put in order, bytes.
const MEMORY_BYTES: usize = 64 << 20;
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Reads the file at `path`.
///
/// # Errors
/// It cannot be read, its columns are not known, or the output fails.
pub(super) fn read(path: &Path, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
    let unreadable = |cause| ConvertError::Unreadable { path: path.to_owned(), cause };
    for what in ["members who wrote nothing", "join times", "roles", "read marks"] {
        builder.absent(what);
    }
    let mut start = Vec::new();
    File::open(path).and_then(|file| file.take(64 << 10).read_to_end(&mut start)).map_err(unreadable)?;
    let start = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&start);
    if start.is_empty() {
        return Ok(());
    }
    let wrong = |problem| ConvertError::WrongFormat { path: path.to_owned(), format: Format::Csv, problem };
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Err(wrong("it is UTF-16; convert it to UTF-8".to_owned()));
    }
    let columns = columns::find(start).map_err(wrong)?;
    let mut sorter = Sorter::new(&builder.spill_directory(), MEMORY_BYTES);
    let mut rows = Rows::open(path, &columns).map_err(unreadable)?;
    if columns.has_header {
        rows.next(builder)?;
    }
    while let Some(row) = rows.next(builder)? {
        if let Some(row) = row {
            take(&columns, &row, &mut sorter, builder)?;
        }
    }
    let mut place = (Vec::new(), BTreeMap::new());
    for entry in sorter.finish()? {
        hand_over(entry?, &mut place, builder)?;
    }
    Ok(())
}

/// A row, and its line in the file.
struct Row {
    line: u64,
    fields: csv::StringRecord,
}

/// The rows of a file.
struct Rows {
    reader: csv::Reader<Bounded<File>>,
    row_end: RowEnd,
    fields_min: usize,
    path: PathBuf,
    /// Of the whole file.
    bytes: u64,
}

impl Rows {
    fn open(path: &Path, columns: &Columns) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let (file, row_end) = bounded(file);
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(columns.separator)
            .buffer_capacity(256 << 10)
            .from_reader(file);
        Ok(Self { reader, row_end, fields_min: columns.fields_min(), path: path.to_owned(), bytes })
    }

    /// The next row; `Some(None)` for one with a fault, `None` at the end.
    fn next(&mut self, builder: &mut Builder<'_>) -> io::Result<Option<Option<Row>>> {
        self.row_end.next_row();
        let mut bytes = csv::ByteRecord::new();
        let fault =
            |line, code, text: String| Fault::new(line, code, text).of(Kind::Message, format!("line {line}"));
        match self.reader.read_byte_record(&mut bytes) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                let line = self.reader.position().line();
                builder.fault(fault(
                    line,
                    FaultCode::CutOff,
                    format!("the file cannot be read on: {error}"),
                ))?;
                return Ok(None);
            }
        }
        let position = bytes.position().cloned().unwrap_or_else(csv::Position::new);
        let line = position.line();
        let fields = match csv::StringRecord::from_byte_record(bytes) {
            Ok(fields) => fields,
            Err(error) => {
                let column = error.utf8_error().field() + 1;
                let text = format!("column {column} is not UTF-8; convert the file to UTF-8");
                builder.fault(fault(line, FaultCode::NotUtf8, text))?;
                return Ok(Some(None));
            }
        };
        let is_last = self.bytes == self.reader.position().byte();
        if is_last && self.has_open_quote(position.byte())? {
            let text = "the file is cut off within this row: a quotation mark is not closed".to_owned();
            builder.fault(fault(line, FaultCode::CutOff, text))?;
            return Ok(Some(None));
        }
        if fields.len() < self.fields_min {
            let (code, cut) = if is_last {
                (FaultCode::CutOff, "; the file may be cut off")
            } else {
                (FaultCode::Missing, "")
            };
            let text = format!("the row has {} columns; {} are needed{cut}", fields.len(), self.fields_min);
            builder.fault(fault(line, code, text))?;
            return Ok(Some(None));
        }
        Ok(Some(Some(Row { line, fields })))
    }

    /// Whether the last row, which begins at `byte`, ends within quotation marks.
    fn has_open_quote(&self, byte: u64) -> io::Result<bool> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(byte))?;
        let mut row = Vec::new();
        file.take(ROW_BYTES_MAX as u64).read_to_end(&mut row)?;
        Ok(!row.iter().filter(|byte| **byte == b'"').count().is_multiple_of(2))
    }
}

/// Puts a row among those to be sorted.
fn take(columns: &Columns, row: &Row, sorter: &mut Sorter, builder: &mut Builder<'_>) -> io::Result<()> {
    let field = |column: Option<usize>| column.and_then(|column| row.fields.get(column)).unwrap_or_default();
    let [time, channel, user] =
        [columns.time, columns.channel, columns.user].map(|column| field(Some(column)).trim());
    let Some(ms) = times::parse_ms(time) else {
        let text = format!(
            "the message has no usable time: {time:?}; times are RFC 3339, YYYY-MM-DD HH:MM:SS (UTC), or seconds or milliseconds since 1970"
        );
        let fault = Fault::new(row.line, FaultCode::Missing, text);
        return builder.fault(fault.of(Kind::Message, format!("line {}", row.line)).field("SendTime"));
    };
    if channel.is_empty() {
        let fault = Fault::new(row.line, FaultCode::Missing, "the message has no channel");
        return builder.fault(fault.of(Kind::Message, format!("line {}", row.line)).field("GroupId"));
    }
    let mut key = channel.as_bytes().to_vec();
    key.push(0);
    key.extend_from_slice(&ms.to_be_bytes());
    let fields = [channel, user, field(Some(columns.text)), field(columns.id).trim()];
    let value = serde_json::to_vec(&(ms, row.line, fields)).map_err(io::Error::other)?;
    sorter.push(key, value)
}

/// Hands a sorted row over. `place` is what sorted the row before, and how often each message was there.
fn hand_over(
    entry: Entry,
    place: &mut (Vec<u8>, BTreeMap<String, u32>),
    builder: &mut Builder<'_>,
) -> Result<(), ConvertError> {
    let (ms, line, [channel, user, text, id]): (u64, u64, [String; 4]) =
        serde_json::from_slice(&entry.value).map_err(io::Error::other)?;
    if place.0 != entry.key {
        *place = (entry.key, BTreeMap::new());
    }
    let key = if id.is_empty() {
        // The same user may send the same text twice within the same time.
        let digest = identity::digest(&format!("{channel}\0{ms}\0{user}\0{text}"));
        let digest = digest.get(..16).unwrap_or_default();
        let times = place.1.entry(digest.to_owned()).or_default();
        *times += 1;
        if *times == 1 { format!("{channel}:{digest}") } else { format!("{channel}:{digest}:{times}") }
    } else {
        format!("{channel}:{id}")
    };
    if !builder.knows_channel(&channel) {
        let group =
            Channel { authors_are_members: true, ..Channel::new(&channel, &channel, ChannelKind::Private) };
        builder.channel(group)?;
    }
    if !user.is_empty() && !builder.knows_user(&user) {
        builder.user(User { id: user.clone(), nick: user.clone(), ..User::default() })?;
    }
    let place = format!("line {line}");
    let message = Message { channel, key, author: user, ts_ms: Some(ms), text, place, ..Message::default() };
    Ok(builder.message(message)?)
}
