//! The body of a message: its elements, split where they do not fit into one message.

use super::model::File;
use crate::{files, format};
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation as _;

/// What an element costs besides its text.
const TEXT_ELEMENT_BYTES: usize = r#"[{"MsgContent":{"Text":""},"MsgType":"TIMTextElem"}]"#.len();

/// A text as an element.
#[must_use]
pub fn text_element(text: &str) -> Value {
    json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } })
}

/// A file as an element: a picture as one, anything else as a file.
#[must_use]
pub fn file_element(file: &File) -> Value {
    let address = if file.path.is_some() { format!("file:{}", file.key) } else { file.url.clone() };
    let size = file.size.unwrap_or_default();
    let Some(image_format) = image_format(&file.mime) else {
        return json!({ "MsgType": "TIMFileElem", "MsgContent": {
            "Url": address, "UUID": file.key, "FileSize": size, "FileName": file.name, "Download_Flag": 2,
        }});
    };
    // One size of the picture is known; clients choose a size by its number.
    let image = |number: u8| {
        json!({
            "Type": number, "Size": size, "Width": file.width.unwrap_or_default(),
            "Height": file.height.unwrap_or_default(), "URL": address,
        })
    };
    json!({ "MsgType": "TIMImageElem", "MsgContent": {
        "UUID": file.key, "ImageFormat": image_format, "ImageInfoArray": [image(1), image(2), image(3)],
    }})
}

/// Bytes that an element may grow by when its file is brought in and gets an address.
#[must_use]
pub fn growth(file: &File) -> usize {
    if file.path.is_none() {
        return 0;
    }
    let record = format::File {
        file_name: Some(file.name.clone()),
        path: file.path.clone(),
        ..format::File::default()
    };
    let address = files::address(u32::MAX, &"0".repeat(64), &files::name(&record));
    let addresses = if image_format(&file.mime).is_some() { 3 } else { 1 };
    addresses * address.len()
}

/// `ImageFormat` of a picture; `None` for what is none. [doc]
fn image_format(mime: &str) -> Option<u8> {
    let subtype = mime.strip_prefix("image/")?;
    Some(match subtype {
        "jpeg" | "jpg" => 1,
        "gif" => 2,
        "png" => 3,
        "bmp" => 4,
        _ => 255,
    })
}

/// The elements of a message and of those that continue it: a text of any length, then `others`. Each has at most `room` bytes as
/// JSON where each of `others` has, also after they have grown by so many bytes.
#[must_use]
pub fn bodies(text: &str, others: Vec<(Value, usize)>, room: usize) -> Vec<Vec<Value>> {
    let texts = pieces(text, room.saturating_sub(TEXT_ELEMENT_BYTES)).into_iter().map(text_element);
    let texts = texts.map(|text| (text, 0));
    let mut bodies: Vec<Vec<Value>> = Vec::new();
    let mut used = usize::MAX;
    for (element, growth) in texts.chain(others) {
        let bytes = element.to_string().len() + 1 + growth;
        match bodies.last_mut() {
            Some(body) if used.saturating_add(bytes) <= room => {
                body.push(element);
                used += bytes;
            }
            Some(_) | None => {
                bodies.push(vec![element]);
                used = 1 + bytes;
            }
        }
    }
    bodies
}

/// A text in pieces of at most `max` bytes as JSON, cut behind a blank where there is one in the last quarter. None for an empty one.
fn pieces(text: &str, max: usize) -> Vec<&str> {
    // Room for one character, whatever it is.
    let max = max.max(64);
    let mut pieces = Vec::new();
    let (mut start, mut bytes, mut blank) = (0, 0, None);
    for (position, letter) in letters(text) {
        let cost = json_bytes(letter);
        if max < bytes + cost && start < position {
            let end = blank.filter(|(_, used)| max - max / 4 < *used).map_or(position, |(end, _)| end);
            pieces.push(text.get(start..end).unwrap_or_default());
            bytes = json_bytes(text.get(end..position).unwrap_or_default());
            start = end;
            blank = None;
        }
        bytes += cost;
        if letter.chars().all(char::is_whitespace) {
            blank = Some((position + letter.len(), bytes));
        }
    }
    if start < text.len() {
        pieces.push(text.get(start..).unwrap_or_default());
    }
    pieces
}

/// The characters of a text as people see them; one made of very many is taken apart.
fn letters(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.grapheme_indices(true).flat_map(|(start, letter)| {
        let whole = (letter.len() <= 64).then_some((start, letter));
        let parts = if whole.is_some() { "" } else { letter };
        let part = move |(at, code): (usize, char)| {
            parts.get(at..at + code.len_utf8()).map(|part| (start + at, part))
        };
        whole.into_iter().chain(parts.char_indices().filter_map(part))
    })
}

/// The length of a text as JSON, without its quotation marks.
fn json_bytes(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined(bodies: &[Vec<Value>]) -> String {
        let texts = bodies.iter().flatten().filter_map(|element| element["MsgContent"]["Text"].as_str());
        texts.collect()
    }

    #[test]
    fn a_short_message_is_one() {
        let file = File { key: "F1".to_owned(), url: "https://a".to_owned(), ..File::default() };
        let bodies = bodies("hi", vec![(file_element(&file), growth(&file))], 12_000);
        assert_eq!(bodies, [vec![text_element("hi"), file_element(&file)]]);
    }

    #[test]
    fn a_long_text_is_cut_behind_a_blank() {
        assert_eq!(pieces(&"1234567 ".repeat(20), 70).first().map(|piece| piece.len()), Some(64));
    }

    #[test]
    fn a_file_in_the_export_has_its_key_as_address() {
        let file = File {
            key: "F1".to_owned(),
            path: Some("a/b.png".to_owned()),
            url: "https://a".to_owned(),
            mime: "image/png".to_owned(),
            ..File::default()
        };
        let element = file_element(&file);
        assert_eq!(element["MsgContent"]["ImageInfoArray"][0]["URL"], "file:F1");
        assert_eq!(element["MsgContent"]["ImageFormat"], 3);
        let elsewhere = file_element(&File { path: None, mime: String::new(), ..file });
        assert_eq!(elsewhere["MsgContent"]["Url"], "https://a");
    }

    #[test]
    fn a_body_has_room_for_the_addresses_of_its_files() {
        let file = File {
            key: "F1".to_owned(),
            path: Some("a/b.png".to_owned()),
            name: "b.png".to_owned(),
            mime: "image/png".to_owned(),
            ..File::default()
        };
        assert_eq!(growth(&file), 3 * format!("/files/4294967295/{}/b.png", "0".repeat(64)).len());
        assert_eq!(growth(&File { path: None, ..file.clone() }), 0);
        let room = 600;
        let text = "x".repeat(room - TEXT_ELEMENT_BYTES - 50 - file_element(&file).to_string().len());
        assert_eq!(bodies(&text, vec![(file_element(&file), 0)], room).len(), 1);
        assert_eq!(bodies(&text, vec![(file_element(&file), growth(&file))], room).len(), 2);
    }

    proptest! {
        #[test]
        fn every_part_fits_and_nothing_is_lost(text in "([a-z\"\n\u{1}]| |é|👩‍🚀){0,900}", room in 200_usize..900) {
            let bodies = bodies(&text, vec![(text_element("!"), 0)], room);
            for body in &bodies {
                prop_assert!(Value::from(body.clone()).to_string().len() <= room);
            }
            prop_assert_eq!(joined(&bodies), format!("{text}!"));
        }
    }
}
