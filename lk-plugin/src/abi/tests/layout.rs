//! The golden layout: every struct with its size and the place and size of every field.

use std::fmt::Write;

use crate::abi::layout::{handles, module, words};
use crate::abi::values::structs;

/// `BLESS=1` writes it anew. Read the difference first: what moved or shrank breaks every plugin that was ever built, and
/// needs a new major number of `ABI`; what was appended needs a new minor number. The tests in `older` hold to the rules.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/abi/tests/layout.golden");

#[test]
#[cfg(target_pointer_width = "64")]
#[cfg_attr(miri, ignore = "reads a file")]
fn every_struct_is_as_it_was() {
    let mut text = format!("abi {}.{}, pointers of 64 bits\n", crate::abi::ABI[0], crate::abi::ABI[1]);
    for of in [words(), handles(), module(), structs()].into_iter().flatten() {
        let _ = writeln!(text, "{} {}", of.name, of.size);
        for (field, place, size) in of.fields {
            let _ = writeln!(text, "  {place} {field} {size}");
        }
    }
    if std::env::var_os("BLESS").is_some() {
        assert!(std::fs::write(GOLDEN, &text).is_ok());
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(text == golden, "{GOLDEN} differs; read what it says about that in {}:\n{text}", file!());
}
