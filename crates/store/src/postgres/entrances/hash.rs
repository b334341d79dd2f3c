//! The hash by which Citus places texts: PostgreSQL's `hashtext`, Bob Jenkins' lookup3 as a machine with the lowest byte
//! first reads it. Whoever gets another result than the database asks a farther node, and nothing worse.

/// The hash of a text, as PostgreSQL has it.
pub(super) fn of(text: &[u8]) -> i32 {
    let start = 0x9e37_79b9_u32.wrapping_add(text.len() as u32).wrapping_add(3_923_095);
    let mut state = [start; 3];
    let mut chunks = text.chunks_exact(12);
    for chunk in chunks.by_ref() {
        add(&mut state, chunk);
        mix(&mut state);
    }
    let rest = chunks.remainder();
    // The lowest byte of the third word is left to the length.
    let (head, tail) = rest.split_at(rest.len().min(8));
    let mut last = [0; 12];
    last[..head.len()].copy_from_slice(head);
    last[9..9 + tail.len()].copy_from_slice(tail);
    add(&mut state, &last);
    last_mix(state).cast_signed()
}

/// Adds twelve bytes as three words.
fn add(state: &mut [u32; 3], bytes: &[u8]) {
    for (word, bytes) in state.iter_mut().zip(bytes.chunks_exact(4)) {
        let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
        *word = word.wrapping_add(value);
    }
}

fn mix([a, b, c]: &mut [u32; 3]) {
    for turn in [[4, 6, 8], [16, 19, 4]] {
        *a = a.wrapping_sub(*c) ^ c.rotate_left(turn[0]);
        *c = c.wrapping_add(*b);
        *b = b.wrapping_sub(*a) ^ a.rotate_left(turn[1]);
        *a = a.wrapping_add(*c);
        *c = c.wrapping_sub(*b) ^ b.rotate_left(turn[2]);
        *b = b.wrapping_add(*a);
    }
}

fn last_mix([mut a, mut b, mut c]: [u32; 3]) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::tests::{admin, database};

    /// Texts of all lengths up to those of names.
    fn texts() -> impl Iterator<Item = String> {
        let letters = "g@TGS#_€abcdefghij-0123456789".chars().cycle();
        (0..100).map(move |length| letters.clone().skip(length).take(length).collect())
    }

    #[tokio::test]
    async fn texts_have_the_hash_that_the_database_gives_them() {
        let database = database();
        let client = admin(database.url()).await;
        for text in texts() {
            let sql = "SELECT hashtext($1)";
            let expected: i32 = client.query_one(sql, &[&text]).await.unwrap().get(0);
            assert_eq!(of(text.as_bytes()), expected, "{text}");
        }
    }
}
