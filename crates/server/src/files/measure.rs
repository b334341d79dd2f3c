//! The width and height of an image, from its head.

use super::address::FileId;
use super::store::FileStore;
use futures_util::TryStreamExt as _;
use landfall_domain::ids::AppId;
use std::io;

/// Bytes of an image that are looked at: the size stands behind previews and colour tables, if there are some.
const HEAD_BYTES: u64 = 256 << 10;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImageSize {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// The size of an image that is kept; `None` when its head does not say it. Nothing is decoded.
pub(crate) async fn measure(files: &FileStore, app: AppId, id: &FileId) -> io::Result<Option<ImageSize>> {
    let Some(file) = files.find(app, id).await? else { return Ok(None) };
    let end = file.length.min(HEAD_BYTES);
    let mut chunks = file.read(0..end).await?;
    let mut head = Vec::new();
    while let Some(chunk) = chunks.try_next().await? {
        head.extend_from_slice(&chunk);
    }
    Ok(of(&head))
}

fn of(head: &[u8]) -> Option<ImageSize> {
    let size = imagesize::blob_size(head).ok()?;
    Some(ImageSize { width: size.width, height: size.height })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a PNG of 3 by 2 pixels.
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x06\0\0\0";

    #[test]
    fn the_head_says_the_size_and_anything_else_has_none() {
        assert_eq!(of(PNG), Some(ImageSize { width: 3, height: 2 }));
        assert_eq!(of(b"GIF89a\x05\0\x04\0\0\0\0"), Some(ImageSize { width: 5, height: 4 }));
        for other in [&b""[..], b"\x89PNG", b"<svg width='9' height='9'/>", b"<html>", &[0xff; 4_096]] {
            assert_eq!(of(other), None);
        }
    }
}
