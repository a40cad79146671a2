//! What the macros write, in files that people read before they take them.

use std::fs;

use proc_macro2::TokenStream;

/// That the tokens are what stands in `snapshots/<name>.rs`; `BLESS=1` writes the file instead.
#[expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at its first surprise")]
pub(crate) fn assert_written(name: &str, tokens: TokenStream) {
    let file: syn::File = match syn::parse2(tokens) {
        Ok(file) => file,
        Err(error) => panic!("this is no Rust: {error}"),
    };
    let written = prettyplease::unparse(&file);
    let path = format!("{}/src/snapshots/{name}.rs", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let snapshot = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == snapshot, "{path} differs; read the change, then run the test with `BLESS=1`:\n{written}");
}
