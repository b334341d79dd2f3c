//! Signatures of requests: version 4 of AWS, in the `Authorization` header.

use super::wire::Request;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

pub(super) struct Login {
    pub(super) id: String,
    pub(super) secret: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Login {
    /// Whether a request is signed with this login, its body included.
    ///
    /// # Errors
    /// The code of the service.
    pub(super) fn check(&self, request: &Request) -> Result<(), &'static str> {
        let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
        let body = hexadecimal(&Sha256::digest(&request.body));
        if header("x-amz-content-sha256") != body {
            return Err("XAmzContentSHA256Mismatch");
        }
        let given = header("authorization").strip_prefix(ALGORITHM).ok_or("AccessDenied")?;
        let part = |name: &str| {
            let parts = given.split(',').map(str::trim);
            parts.into_iter().find_map(|part| part.strip_prefix(name)).unwrap_or_default()
        };
        let scope = part("Credential=").strip_prefix(&format!("{}/", self.id)).ok_or("InvalidAccessKeyId")?;
        let signed_headers = part("SignedHeaders=");
        let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, query.join("&"));
        for name in signed_headers.split(';') {
            canonical.push_str(&format!("{name}:{}\n", header(name)));
        }
        canonical.push_str(&format!("\n{signed_headers}\n{body}"));
        let canonical = hexadecimal(&Sha256::digest(canonical));
        let text = format!("{ALGORITHM}\n{}\n{scope}\n{canonical}", header("x-amz-date"));
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in scope.split('/') {
            key = sign(&key, part);
        }
        let expected = hexadecimal(&sign(&key, &text));
        if part("Signature=") == expected { Ok(()) } else { Err("SignatureDoesNotMatch") }
    }
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the protocol's description.
    #[test]
    fn the_documented_request_is_signed_as_documented() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature={signature}"
        );
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", empty),
            ("x-amz-date", "20130524T000000Z"),
            ("authorization", &authorization),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut request = Request {
            method: "GET".to_owned(),
            path: "/test.txt".to_owned(),
            query: [].into(),
            headers: headers.into(),
            body: Vec::new(),
        };
        let login = Login {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        };
        assert_eq!(login.check(&request), Ok(()));
        request.path = "/test.tx".to_owned();
        assert_eq!(login.check(&request), Err("SignatureDoesNotMatch"));
        request.body = b"x".to_vec();
        assert_eq!(login.check(&request), Err("XAmzContentSHA256Mismatch"));
    }
}
