//! `[app.uploads]`: how much the members of an app upload.

use super::section::Section;

const BYTES_MAX: i64 = 1 << 40;

/// How much the members of an app upload, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadsConfig {
    /// Largest image of an image message.
    pub image_bytes_max: u64,
    /// Largest recording of a sound message.
    pub audio_bytes_max: u64,
    /// Largest film of a video message.
    pub video_bytes_max: u64,
    /// Largest file of a file message.
    pub file_bytes_max: u64,
    /// All uploads together; 0: any number.
    pub quota_bytes: u64,
}

/// As the imitated service has them, with a quota of 10 GiB. [doc]
impl Default for UploadsConfig {
    fn default() -> Self {
        Self {
            image_bytes_max: 28 << 20,
            audio_bytes_max: 28 << 20,
            video_bytes_max: 100 << 20,
            file_bytes_max: 100 << 20,
            quota_bytes: 10 << 30,
        }
    }
}

/// Reads the section. `None` when a setting is unusable; its problem is recorded.
pub(super) fn uploads(section: &mut Section<'_>) -> Option<UploadsConfig> {
    let usual = UploadsConfig::default();
    let mut bytes = |key, least, usual| match section.optional(key) {
        Some(item) => item.whole_number::<u64>(least..=BYTES_MAX),
        None => Some(usual),
    };
    let image_bytes_max = bytes("image_bytes_max", 1, usual.image_bytes_max);
    let audio_bytes_max = bytes("audio_bytes_max", 1, usual.audio_bytes_max);
    let video_bytes_max = bytes("video_bytes_max", 1, usual.video_bytes_max);
    let file_bytes_max = bytes("file_bytes_max", 1, usual.file_bytes_max);
    let quota_bytes = bytes("quota_bytes", 0, usual.quota_bytes);
    Some(UploadsConfig {
        image_bytes_max: image_bytes_max?,
        audio_bytes_max: audio_bytes_max?,
        video_bytes_max: video_bytes_max?,
        file_bytes_max: file_bytes_max?,
        quota_bytes: quota_bytes?,
    })
}
