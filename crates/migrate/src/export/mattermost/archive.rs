//! A Mattermost archive: a zip with the bulk file, and the attached files in the folder `data`.

use crate::losses::Loss;
use std::fs;
use std::io::{self, BufWriter};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The folder of the attached files, in the archive and beside the neutral file.
pub const CONTENTS: &str = "data";

const BULK_FILE: &str = "import.jsonl";

/// Like [`write`](super::write), with the contents of attached files, which lie in the folder [`CONTENTS`] beside `file`.
///
/// # Errors
/// As those of [`write`](super::write), or a content cannot be read.
pub fn write(file: &Path, spill_directory: &Path, out: fs::File) -> io::Result<Vec<Loss>> {
    let mut zip = ZipWriter::new(BufWriter::new(out));
    let packed = SimpleFileOptions::default().large_file(true);
    zip.start_file(BULK_FILE, packed)?;
    let losses = super::write(file, spill_directory, &mut zip)?;
    // Most are packed already.
    let as_is = packed.compression_method(CompressionMethod::Stored);
    let contents = file.with_file_name(CONTENTS);
    let mut folders = if contents.is_dir() { vec![contents.clone()] } else { Vec::new() };
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.strip_prefix(&contents).ok().and_then(Path::to_str) {
                zip.start_file(format!("{CONTENTS}/{name}"), as_is)?;
                io::copy(&mut fs::File::open(&path)?, &mut zip)?;
            }
        }
    }
    zip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(losses)
}
