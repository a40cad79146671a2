//! Kind and name in three numbers, which a look-up hashes and compares instead of text.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::kinds::Kind;
use crate::plugin::Plugin;

/// The names come from the program, so nobody outside can choose them to collide.
const HASHER: FixedState = FixedState::with_seed(0);

/// The longest name that a key holds whole.
const WHOLE: usize = 16;

/// Kind and name. Names up to 16 bytes (nearly all) are equal when their keys are; of a longer one it has a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) head: u64,
    pub(super) tail: u64,
    // Kind and length, never zero.
    pub(super) shape: u32,
}

impl Key {
    /// No plugin's key.
    pub(super) const NONE: Self = Self { head: 0, tail: 0, shape: 0 };

    pub(super) fn new(kind: Kind, name: &str) -> Self {
        let name = name.as_bytes();
        let (head, tail) = if name.len() > WHOLE {
            (HASHER.hash_one(name), 0)
        } else if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
            // The two overlap; with the length they say every byte.
            (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
        } else if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
            (u32::from_le_bytes(*head).into(), u32::from_le_bytes(*tail).into())
        } else if let [first, .., last] = name {
            (u64::from(*first) | u64::from(name[1]) << 8, u64::from(*last))
        } else {
            (name.first().map_or(0, |only| u64::from(*only)), 0)
        };
        let length = name.len().min(WHOLE + 1) as u32;
        Self { head, tail, shape: (kind as u32 + 1) << 8 | length }
    }

    pub(super) fn of(plugin: &Plugin) -> Self {
        Self::new(plugin.kind(), plugin.name())
    }

    pub(super) fn hash(&self) -> u64 {
        // As one number, which takes one multiplication. Where kind and length go in, short names have nothing.
        let tail = self.tail ^ u64::from(self.shape) << 40;
        HASHER.hash_one(u128::from(self.head) << 64 | u128::from(tail))
    }

    /// Whether `plugin`, which has this key as `name` has, is of that name: yes, unless the name is too long for a key.
    pub(super) fn settles(&self, name: &str, plugin: &Plugin) -> bool {
        self.shape as u8 as usize <= WHOLE || plugin.name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_up_to_sixteen_bytes_are_equal_when_their_keys_are() {
        // Each differs from each in one byte or in its length alone.
        let mut names = vec![String::new()];
        for length in 1..=16 {
            let name = "a".repeat(length);
            for place in 0..length {
                let mut changed = name.clone();
                changed.replace_range(place..=place, "b");
                names.push(changed);
            }
            names.push(name);
        }
        names.extend(["\0", "\0\0", "a\0", "\0a"].map(str::to_owned));
        for (index, one) in names.iter().enumerate() {
            for (other_index, other) in names.iter().enumerate() {
                let same = Key::new(Kind::Stt, one) == Key::new(Kind::Stt, other);
                assert_eq!(same, index == other_index, "{one:?} {other:?}");
            }
            assert_ne!(Key::new(Kind::Stt, one), Key::new(Kind::Tts, one), "{one:?}");
            assert_ne!(Key::new(Kind::ALL[0], one), Key::NONE, "{one:?}");
        }
    }

    #[test]
    fn hashes_differ_by_each_byte_the_length_and_the_kind() {
        let mut hashes = std::collections::HashMap::new();
        for kind in Kind::ALL.iter().copied() {
            for length in 1..=16 {
                for (place, letter) in (0..length).flat_map(|place| ('a'..='z').map(move |letter| (place, letter))) {
                    let mut name = "-".repeat(length);
                    name.replace_range(place..=place, &letter.to_string());
                    let hash = Key::new(kind, &name).hash();
                    // Kind and length of a long name share bits with its end, so these may meet.
                    let apart = (length > 8).then_some((kind, length));
                    assert_eq!(hashes.insert((hash, apart), (kind, name.clone())), None, "{kind} {name}");
                }
            }
        }
    }

    #[test]
    fn of_long_names_the_text_decides() {
        let plugin = Plugin::new::<dyn crate::Llm>("local-whisper-large", |_| Err(crate::Error::unsupported("none")));
        let key = Key::of(&plugin);
        assert_eq!(key, Key::new(Kind::Llm, "local-whisper-large"));
        assert!(key.settles("local-whisper-large", &plugin));
        assert!(!key.settles("local-whisper-small", &plugin));
    }
}
