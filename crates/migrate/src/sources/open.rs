//! A source as a neutral file, whatever it is.

use super::contents::Contents;
use super::{ConvertError, Converted, Format, Sink, convert, recognise};
use crate::fault::Fault;
use crate::format::{Record, Writer};
use crate::mapping::Mapping;
use crate::scratch::Scratch;
use landfall_domain::limits::Limits;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A neutral file, and what was converted into it.
pub struct Opened {
    /// The source itself where it is a neutral file, or one that is removed with this value.
    pub file: PathBuf,
    /// `None` where the source is a neutral file.
    pub converted: Option<Converted>,
    /// Where the contents of its files lie.
    pub contents: Arc<Contents>,
    _directory: Option<Scratch>,
}

/// Reads a mapping file; the defaults without one.
///
/// # Errors
/// It cannot be read, or is no mapping file.
pub fn read_mapping(file: Option<&Path>) -> Result<Mapping, ConvertError> {
    let Some(file) = file else { return Ok(Mapping::default()) };
    let unreadable = |cause| ConvertError::Unreadable { path: file.to_owned(), cause };
    Ok(Mapping::parse(&fs::read_to_string(file).map_err(unreadable)?)?)
}

/// Recognises a source and converts it into a file within `spill_directory`, unless it is a neutral file. Texts are cut to
/// `limits`. `on_fault` gets what is wrong with parts of the source, which are left out.
///
/// # Errors
/// Nothing of the source can be read, the mapping does not fit it, or the disk fails.
pub fn open(
    source: &Path,
    mapping: &Mapping,
    limits: &Limits,
    spill_directory: &Path,
    on_fault: &mut dyn FnMut(Fault),
) -> Result<Opened, ConvertError> {
    let format = recognise(source)?;
    if format == Format::Landfall {
        let contents = Arc::new(Contents::beside(source));
        return Ok(Opened { file: source.to_owned(), converted: None, contents, _directory: None });
    }
    let directory = Scratch::new_in(spill_directory)?;
    let file = directory.path().join("converted.jsonl.zst");
    let converted = convert_to(format, source, mapping, limits, &file, on_fault)?;
    let contents = Arc::new(Contents::of_export(source)?);
    Ok(Opened { file, converted: Some(converted), contents, _directory: Some(directory) })
}

/// Converts a source into the neutral file `out`.
///
/// # Errors
/// As those of [`convert`], or `out` cannot be written.
pub fn convert_to(
    format: Format,
    source: &Path,
    mapping: &Mapping,
    limits: &Limits,
    out: &Path,
    on_fault: &mut dyn FnMut(Fault),
) -> Result<Converted, ConvertError> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let spill_directory = parent.unwrap_or(Path::new(".")).to_owned();
    let mut sink = FileSink { writer: Writer::create(out)?, spill_directory, on_fault };
    let converted = convert(format, source, mapping, limits, &mut sink)?;
    sink.writer.finish()?;
    Ok(converted)
}

struct FileSink<'a> {
    writer: Writer,
    spill_directory: PathBuf,
    on_fault: &'a mut dyn FnMut(Fault),
}

impl Sink for FileSink<'_> {
    fn record(&mut self, record: Record) -> io::Result<()> {
        self.writer.write(&record)
    }

    fn fault(&mut self, fault: Fault) -> io::Result<()> {
        (self.on_fault)(fault);
        Ok(())
    }

    fn spill_directory(&self) -> PathBuf {
        self.spill_directory.clone()
    }
}
