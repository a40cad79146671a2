//! What must hold whatever users name: the fuzz targets of this crate (`tests/fuzz`), each a function of any bytes that
//! stands beside what it is about, and a test that feeds each its corpus.

pub use crate::cli::fuzzing::arguments;
pub use crate::wav::fuzzing::wav;

#[cfg(test)]
mod tests {
    use std::{fs, io};

    type Target = (&'static str, fn(&[u8]));

    #[test]
    fn each_corpus_keeps_what_its_target_demands() -> io::Result<()> {
        let targets: [Target; 2] = [("arguments", super::arguments), ("wav", super::wav)];
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
