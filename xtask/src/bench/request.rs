//! The request of the import benchmark, written once and patched for each call.

use std::ops::Range;

/// Accounts that own the imported groups, in turn.
pub(super) const OWNERS: u64 = 1_000;

/// Digits of a call's number wherever it stands.
const NUMBER_DIGITS: usize = 10;

/// Length of every group id in the benchmark, in bytes.
pub(super) const GROUP_ID_BYTES: usize = 20;

/// One `import_group` request, of which only digits differ from call to call.
pub(super) struct Request {
    bytes: Vec<u8>,
    random: Range<usize>,
    owner: Range<usize>,
    group_id: Range<usize>,
    name: Range<usize>,
    value: Range<usize>,
}

impl Request {
    /// `target` is path and query up to and including the signature.
    pub(super) fn new(target: &str) -> Self {
        let mut body = Vec::new();
        let owner = append(&mut body, br#"{"Owner_Account":"account-"#, b"0000");
        let group_id = append(&mut body, br#"","Type":"Public","GroupId":""#, &[b'0'; GROUP_ID_BYTES]);
        let name = append(&mut body, br#"","Name":"Imported "#, &[b'0'; NUMBER_DIGITS]);
        let value =
            append(&mut body, br#"","AppDefinedData":[{"Key":"OldRoomNo","Value":""#, &[b'0'; NUMBER_DIGITS]);
        body.extend_from_slice(br#""}]}"#);

        let mut bytes = Vec::new();
        let random = append(&mut bytes, format!("POST {target}&random=").as_bytes(), &[b'0'; NUMBER_DIGITS]);
        let head = format!(
            "&contenttype=json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        bytes.extend_from_slice(head.as_bytes());
        let shift = bytes.len();
        bytes.extend_from_slice(&body);
        let shifted = |range: Range<usize>| range.start + shift..range.end + shift;
        Self {
            bytes,
            random,
            owner: shifted(owner),
            group_id: shifted(group_id),
            name: shifted(name),
            value: shifted(value),
        }
    }

    /// The request of call `number`: the same bytes for the same number, another group for each number.
    pub(super) fn numbered(&mut self, number: u64) -> &[u8] {
        // Ten digits that stay below 2^32, as `random` has to.
        write_decimal(&mut self.bytes[self.random.clone()], 1_000_000_000 + number % 1_000_000_000);
        write_decimal(&mut self.bytes[self.owner.clone()], number % OWNERS);
        write_group_id(&mut self.bytes[self.group_id.clone()], number);
        write_decimal(&mut self.bytes[self.name.clone()], number);
        write_decimal(&mut self.bytes[self.value.clone()], number);
        &self.bytes
    }
}

/// Appends `before` and `place`, and returns where `place` lies.
fn append(bytes: &mut Vec<u8>, before: &[u8], place: &[u8]) -> Range<usize> {
    bytes.extend_from_slice(before);
    let start = bytes.len();
    bytes.extend_from_slice(place);
    start..bytes.len()
}

fn write_decimal(place: &mut [u8], mut number: u64) {
    for byte in place.iter_mut().rev() {
        // A digit always fits a byte.
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Ids arrive in no order: for every ordered store that is the hard case, and a migration in parallel is like it.
fn write_group_id(place: &mut [u8], number: u64) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let (prefix, digits) = place.split_at_mut(GROUP_ID_BYTES - 16);
    prefix.copy_from_slice(b"grp-");
    let mut bits = scramble(number);
    for byte in digits.iter_mut().rev() {
        *byte = HEX[(bits & 15) as usize];
        bits >>= 4;
    }
}

/// SplitMix64's finalizer: every step can be undone, so different numbers give different ids.
fn scramble(number: u64) -> u64 {
    let bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn body(request: &[u8]) -> serde_json::Value {
        let text = std::str::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())));
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn a_number_stands_in_every_place() {
        let mut request = Request::new("/v4/group_open_http_svc/import_group?sdkappid=1&usersig=x");
        let bytes = request.numbered(12_345);
        assert!(bytes.starts_with(
            b"POST /v4/group_open_http_svc/import_group?sdkappid=1&usersig=x&random=1000012345&contenttype=json HTTP/1.1\r\n"
        ));
        let mut expected = serde_json::json!({
            "Owner_Account": "account-0345", "Type": "Public", "Name": "Imported 0000012345",
            "AppDefinedData": [{"Key": "OldRoomNo", "Value": "0000012345"}]
        });
        let found = body(bytes);
        expected["GroupId"] = found["GroupId"].clone();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_number_is_another_group_and_the_same_again() {
        let mut request = Request::new("/");
        let mut ids = BTreeSet::new();
        for number in 0..1_000 {
            let id = body(request.numbered(number))["GroupId"].as_str().unwrap().to_owned();
            assert_eq!(id.len(), GROUP_ID_BYTES);
            assert!(ids.insert(id));
        }
        assert!(ids.contains(body(request.numbered(7))["GroupId"].as_str().unwrap()));
    }
}
