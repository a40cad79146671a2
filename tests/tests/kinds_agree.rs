//! The macro crate cannot depend on the core, so it spells the kinds again; the two spellings must be one.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::path::Path;

use lk_plugin::Kind;

/// Name and trait of each row of `KINDS` in the macro crate.
fn spelled_in_the_macro_crate() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lk-plugin-macros/src/kind.rs");
    let text = std::fs::read_to_string(path).unwrap();
    let table = text.split_once("KINDS").and_then(|(_, rest)| rest.split_once("];")).unwrap().0;
    let texts: Vec<&str> = table.split('"').skip(1).step_by(2).collect();
    texts.chunks(2).map(|row| (row[0].to_owned(), row[1].to_owned())).collect()
}

#[test]
fn both_tables_of_kinds_have_the_same_rows() {
    let core: Vec<_> = Kind::ALL.iter().map(|kind| (kind.as_str().to_owned(), format!("{kind:?}"))).collect();
    assert_eq!(spelled_in_the_macro_crate(), core);
}

#[test]
fn a_kind_is_called_like_its_trait_and_reads_back() {
    for kind in Kind::ALL {
        assert_eq!(format!("{kind:?}").to_lowercase(), kind.as_str());
        assert_eq!(kind.as_str().parse::<Kind>().unwrap(), *kind);
    }
}
