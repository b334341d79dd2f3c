//! Other forms of the samples of exports.

use super::{convert_path, convert_text};
use crate::sources::Format;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// The older form is one array of the same items.
#[test]
fn the_older_form_of_stream_and_a_packed_file_have_the_same_records() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/exports/stream/import.jsonl");
    let lines = fs::read_to_string(&path).unwrap();
    let expected = convert_path(Format::Stream, &path, "").unwrap().0.lines();
    let items: Vec<_> = lines.lines().collect();
    let array = format!("[\n{}\n]", items.join(",\n"));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(lines.as_bytes()).unwrap();
    let zstd = zstd::encode_all(lines.as_bytes(), 1).unwrap();
    for bytes in [array.into_bytes(), gzip.finish().unwrap(), zstd] {
        assert_eq!(convert_text(Format::Stream, &bytes, "").unwrap().0.lines(), expected);
    }
}
