//! Two histories of one conversation as one, each message once.

use crate::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// Where a message of a union comes from: its place in either history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    There(usize),
    Both(usize, usize),
    New(usize),
}

/// Merges two histories, each in the order of its times. Messages of one time and key are the same one; of several that are,
/// the first is the first, and so on. The order of `there` stays. A new message stands behind what is there of its second, or
/// in front of the message that follows it in the other history.
pub(super) fn merge<Key: Ord>(there: &[(Timestamp, Key)], new: &[(Timestamp, Key)]) -> Vec<Place> {
    let mut free: BTreeMap<&(Timestamp, Key), VecDeque<usize>> = BTreeMap::new();
    for (place, message) in there.iter().enumerate() {
        free.entry(message).or_default().push_back(place);
    }
    let same: Vec<Option<usize>> =
        new.iter().map(|message| free.get_mut(message).and_then(VecDeque::pop_front)).collect();
    let mut places: Vec<Place> = (0..there.len()).map(Place::There).collect();
    for (number, place) in same.iter().enumerate() {
        if let Some(place) = place {
            places[*place] = Place::Both(*place, number);
        }
    }
    let mut merged = Vec::with_capacity(there.len() + new.len());
    let mut taken = 0;
    for (number, (sent, _)) in new.iter().enumerate() {
        let end = match same[number] {
            Some(place) => place + 1,
            None if is_followed(number, new, &same) => there.partition_point(|(of, _)| of < sent),
            None => there.partition_point(|(of, _)| of <= sent),
        };
        if taken < end {
            merged.extend_from_slice(&places[taken..end]);
            taken = end;
        }
        if same[number].is_none() {
            merged.push(Place::New(number));
        }
    }
    merged.extend_from_slice(&places[taken..]);
    merged
}

/// Whether a message that is there follows in the same second.
fn is_followed<Key>(number: usize, new: &[(Timestamp, Key)], same: &[Option<usize>]) -> bool {
    let of_second = new.iter().zip(same).skip(number + 1).take_while(|((sent, _), _)| *sent == new[number].0);
    of_second.into_iter().any(|(_, same)| same.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Message = (Timestamp, u8);

    fn union(there: &[Message], new: &[Message]) -> Vec<Message> {
        let place = |place| match place {
            Place::There(place) | Place::Both(place, _) => there[place],
            Place::New(number) => new[number],
        };
        merge(there, new).into_iter().map(place).collect()
    }

    fn history(messages: &[(u64, u8)]) -> Vec<Message> {
        messages.iter().map(|(sent, key)| (Timestamp(*sent), *key)).collect()
    }

    fn counts(messages: &[Message]) -> BTreeMap<Message, usize> {
        let mut counts = BTreeMap::new();
        messages.iter().for_each(|message| *counts.entry(*message).or_default() += 1);
        counts
    }

    #[test]
    fn late_messages_go_before_between_and_behind_what_is_there() {
        let there = history(&[(5, b'b'), (5, b'd'), (7, b'f')]);
        let new = history(&[(4, b'a'), (5, b'b'), (5, b'c'), (5, b'd'), (5, b'e'), (9, b'g')]);
        let expected =
            history(&[(4, b'a'), (5, b'b'), (5, b'c'), (5, b'd'), (5, b'e'), (7, b'f'), (9, b'g')]);
        assert_eq!(union(&there, &new), expected);
        // Without a neighbour that is there, it stands behind those of its second.
        let end = history(&[(5, b'e')]);
        assert_eq!(union(&there[..2], &end), history(&[(5, b'b'), (5, b'd'), (5, b'e')]));
        // The other order does not count.
        let turned = history(&[(5, b'd'), (5, b'b')]);
        assert_eq!(union(&there, &turned), there);
    }

    fn some() -> impl Strategy<Value = Vec<Message>> {
        let message = (0_u64..6, 0_u8..4).prop_map(|(sent, key)| (Timestamp(sent), key));
        prop::collection::vec(message, 0..30).prop_map(|mut messages| {
            messages.sort_by_key(|(sent, _)| *sent);
            messages
        })
    }

    proptest! {
        #[test]
        fn a_union_has_every_message_of_both_once_in_the_order_of_their_times(there in some(), new in some()) {
            let both = union(&there, &new);
            prop_assert!(both.is_sorted_by_key(|(sent, _)| *sent));
            let mut expected = counts(&there);
            for (message, count) in counts(&new) {
                let most = expected.entry(message).or_default();
                *most = count.max(*most);
            }
            prop_assert_eq!(counts(&both), expected);
            prop_assert_eq!(union(&both, &new), both.clone());
            prop_assert_eq!(union(&both, &there), both.clone());
            let mut places = merge(&there, &new);
            places.retain(|place| !matches!(place, Place::New(_)));
            let kept = places.iter().map(|place| match place {
                Place::There(place) | Place::Both(place, _) => *place,
                Place::New(_) => usize::MAX,
            });
            prop_assert!(kept.eq(0..there.len()));
            let carried = merge(&there, &new).into_iter().filter(|place| !matches!(place, Place::There(_))).count();
            prop_assert_eq!(carried, new.len());
        }
    }
}
