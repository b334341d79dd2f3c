//! A set of hashes that says of most others that they are not in it.

use std::hash::{DefaultHasher, Hasher};

/// A split-block Bloom filter (as in the Parquet format) that grows by further parts: 2 bytes a key, and one memory
/// access for each part.
pub(super) struct Filter {
    parts: Vec<Part>,
    /// Blocks of the first part; each further one is twice as large.
    first_blocks: usize,
}

struct Part {
    blocks: Vec<[u32; 8]>,
    room: usize,
}

/// At 16 bits a key, about one absent key in a thousand is not recognized as absent.
const KEYS_PER_BLOCK: usize = 16;
/// Odd numbers that spread a hash over the words of a block.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

impl Filter {
    /// The first part gets so many blocks of 16 keys.
    pub(super) fn starting_with(first_blocks: usize) -> Self {
        Self { parts: Vec::new(), first_blocks }
    }

    pub(super) fn add(&mut self, hash: u64) {
        if self.parts.last().is_none_or(|part| part.room == 0) {
            let blocks = self.first_blocks << self.parts.len();
            self.parts.push(Part { blocks: vec![[0; 8]; blocks], room: blocks * KEYS_PER_BLOCK });
        }
        if let Some(part) = self.parts.last_mut() {
            part.room -= 1;
            let index = part.index(hash);
            for (word, bit) in part.blocks[index].iter_mut().zip(bits(hash)) {
                *word |= bit;
            }
        }
    }

    /// Bytes of all parts.
    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.blocks.len()).sum::<usize>() * size_of::<[u32; 8]>()
    }

    /// False: it was never added.
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        self.parts.iter().any(|part| {
            let block = &part.blocks[part.index(hash)];
            block.iter().zip(bits(hash)).all(|(word, bit)| word & bit != 0)
        })
    }
}

impl Part {
    /// The upper half of the hash, scaled to the number of blocks, which is below 2^32.
    fn index(&self, hash: u64) -> usize {
        let scaled = ((hash >> 32) * self.blocks.len() as u64) >> 32;
        usize::try_from(scaled).unwrap_or(0)
    }
}

/// One bit for each word of a block, from the lower half of the hash.
fn bits(hash: u64) -> impl Iterator<Item = u32> {
    let lower = (hash & u64::from(u32::MAX)) as u32;
    SALTS.into_iter().map(move |salt| 1 << (lower.wrapping_mul(salt) >> 27))
}

pub(super) fn hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Room for a million keys.
    const BLOCKS: usize = 1 << 16;

    #[test]
    fn added_keys_are_never_absent_and_few_others_are_kept() {
        let mut filter = Filter::starting_with(BLOCKS);
        let key = |number: u32| hash(&number.to_be_bytes());
        // More than the first part takes.
        const ADDED: u32 = 1_100_000;
        (0..ADDED).for_each(|number| filter.add(key(number)));
        assert_eq!(filter.parts.len(), 2);
        assert!((0..ADDED).all(|number| filter.may_hold(key(number))));
        let wrong = (ADDED..ADDED + 100_000).filter(|number| filter.may_hold(key(*number))).count();
        assert!(wrong < 500, "{wrong} of 100,000 absent keys are not known to be absent");
        assert!(!Filter::starting_with(BLOCKS).may_hold(1));
    }
}
