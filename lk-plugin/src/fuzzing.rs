//! What must hold whatever comes from outside: the fuzz targets of this crate (`tests/fuzz`), each a function of any bytes
//! that stands beside what it is about, and a test that feeds each its corpus.

mod names;
mod wire;

pub use self::names::names;
pub use self::wire::wire;
#[cfg(feature = "adapters")]
pub use crate::adapters::fuzzing::sentences;
#[cfg(feature = "resample")]
pub use crate::audio::fuzzing::audio;
#[cfg(all(feature = "toml", feature = "yaml"))]
pub use crate::config::fuzzing::config;
#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub use crate::dynamic::fuzzing::note;

/// Where a piece ends: cuts `data` into pieces of `1..=longest` bytes, the same for the same `seed`.
#[cfg(any(feature = "adapters", feature = "resample"))]
pub(crate) fn cuts(seed: u64, length: usize, longest: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = length.min(start + random.usize(1..=longest));
        let piece = start..end;
        start = end;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, io};

    type Target = (&'static str, fn(&[u8]));

    #[test]
    fn each_corpus_keeps_what_its_target_demands() -> io::Result<()> {
        let targets: &[Target] = &[
            #[cfg(feature = "resample")]
            ("audio", super::audio),
            #[cfg(all(feature = "toml", feature = "yaml"))]
            ("config", super::config),
            ("names", super::names),
            #[cfg(all(feature = "dynamic", target_os = "linux"))]
            ("note", super::note),
            #[cfg(feature = "adapters")]
            ("sentences", super::sentences),
            ("wire", super::wire),
        ];
        for (name, target) in targets {
            let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus");
            let mut count = 0;
            for file in fs::read_dir(format!("{corpus}/{name}"))? {
                target(&fs::read(file?.path())?);
                count += 1;
            }
            assert!(count > 0, "{name}");
        }
        Ok(())
    }
}
