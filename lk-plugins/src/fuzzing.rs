//! What must hold whatever servers send and microphones hear: the fuzz targets of this crate (`tests/fuzz`), each a
//! function of any bytes that stands beside what it is about, and a test that feeds each its corpus.

#[cfg(feature = "openai")]
pub use crate::openai::{chat, speech, transcript};
#[cfg(feature = "silero")]
pub use crate::silero::fuzzing::vad;

/// Pieces of 1 to `longest` bytes, the same for the same `seed`.
#[cfg(feature = "openai")]
pub(crate) fn pieces(seed: u64, bytes: &[u8], longest: usize) -> impl Iterator<Item = &[u8]> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at(rest.len().min(random.usize(1..=longest)));
        rest = after;
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
            #[cfg(feature = "openai")]
            ("chat", super::chat),
            #[cfg(feature = "openai")]
            ("speech", super::speech),
            #[cfg(feature = "openai")]
            ("transcript", super::transcript),
            #[cfg(feature = "silero")]
            ("vad", super::vad),
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
