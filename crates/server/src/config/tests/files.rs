use super::*;

#[test]
fn files_that_cannot_be_kept_are_refused() {
    for (line, problem) in [
        (
            "url = \"ftp://bucket\"",
            "files.url: must be directory:DIRECTORY, such as \"directory:./files\", or s3:",
        ),
        (
            "url = \"s3://bucket\"",
            "files.s3: is missing: the bucket needs access_key_id and secret_access_key",
        ),
        ("url = \"s3://Bucket\"", "files.url: must name a bucket: 3 to 63 letters"),
        ("url = \"s3://bucket/../x\"", "files.url: must have behind the bucket words of letters"),
        ("url = \"directory:\"", "files.url: must be a path"),
        ("url = \"directory:./data/files\"", "files.url: must not lead into the directory of the store"),
        ("bytes_max = 0", "files.bytes_max: must be a whole number from 1 to 1099511627776"),
        ("extensions = [\".png\"]", "files.extensions[0]: must be letters and digits in lower case"),
        ("address_seconds = 0", "files.address_seconds: must be a whole number from 1 to 31536000"),
    ] {
        let found = bad(&format!("{APP}[files]\n{line}\n"), &[]);
        assert!(matches!(&found[..], [one] if one.starts_with(problem)), "{line}: {found:?}");
    }
}

#[test]
fn a_bucket_is_read_with_its_service() {
    let text =
        format!("{APP}[files]\nurl = \"s3://rooms/chat/files/\"\n[files.s3]\naccess_key_id = \"id\"\n");
    let config = good(&text, &[("LANDFALL__FILES__S3__SECRET_ACCESS_KEY", "hush")]);
    let FilesPlace::Bucket(bucket) = config.files.place else { panic!("{:?}", config.files) };
    assert_eq!((&*bucket.name, &*bucket.prefix, &*bucket.region), ("rooms", "chat/files", "us-east-1"));
    assert!(bucket.endpoint.is_none() && !format!("{bucket:?}").contains("hush"));
    for (lines, problem) in [
        ("", "files.s3.secret_access_key: is missing; give it, or secret_access_key_file"),
        (
            "secret_access_key = \"x\"\nendpoint = \"s3.example.com\"",
            "files.s3.endpoint: must be http://HOST:PORT",
        ),
        ("secret_access_key = \"x\"\nregion = \"\"", "files.s3.region: must be letters, digits and -"),
        ("secret_access_key = \"x\"\nbucket = \"\"", "files.s3.bucket: is unknown"),
    ] {
        let found = bad(&format!("{text}{lines}\n"), &[]);
        assert!(matches!(&found[..], [one] if one.starts_with(problem)), "{lines}: {found:?}");
    }
}

#[test]
fn each_app_has_limits_of_its_own_for_uploads() {
    let text = format!("{APP}[app.uploads]\nimage_bytes_max = 5\nquota_bytes = 0\n");
    let uploads = good(&text, &[]).apps[0].uploads;
    let usual = UploadsConfig::default();
    assert_eq!(uploads, UploadsConfig { image_bytes_max: 5, quota_bytes: 0, ..usual });
    assert_eq!(
        (usual.audio_bytes_max, usual.file_bytes_max, usual.quota_bytes),
        (28 << 20, 100 << 20, 10 << 30)
    );
    for (line, problem) in [
        (
            "video_bytes_max = 0",
            "app[0].uploads.video_bytes_max: must be a whole number from 1 to 1099511627776",
        ),
        ("quota_bytes = -1", "app[0].uploads.quota_bytes: must be a whole number from 0 to 1099511627776"),
        ("bytes_max = 1", "app[0].uploads.bytes_max: is unknown"),
    ] {
        let found = bad_app(&format!("[app.uploads]\n{line}\n"));
        assert!(matches!(&found[..], [one] if one.starts_with(problem)), "{line}: {found:?}");
    }
}
