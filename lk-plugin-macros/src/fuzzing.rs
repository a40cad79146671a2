//! What must hold of the macros whatever is written in them: the fuzz target `attribute` (`tests/fuzz`), and a test that
//! feeds it the corpus.

use proc_macro2::TokenStream;

use crate::note::Package;
use crate::{config, expand, explicit, export, plugin, require, stacked};

/// The text is the name of a macro, a line break, and what stands in it; of the attribute its own text, a line `---`, and
/// the item.
///
/// No text makes a macro panic. What it makes of an item that Rust can read, Rust can read as well, and the item is given
/// back as it was.
pub(crate) fn attribute(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((name, text)) = text.split_once('\n') else { return };
    let (first, item) = text.split_once("\n---\n").unwrap_or((text, ""));
    let (Ok(first), Ok(item)) = (first.parse::<TokenStream>(), item.parse::<TokenStream>()) else { return };
    match name {
        "lk_plugin" => annotated(first, item),
        "PluginConfig" => derived(config::derive(first.clone()), &first),
        "ConfigValue" => derived(config::derive_choice(first.clone()), &first),
        "require" => expanded(require::expand(first), true),
        // The path to the core comes from our own macro.
        "plugins" => expanded(explicit::expand(first), false),
        "export_plugins" => expanded(export::expand(first), false),
        _ => {}
    }
}

fn annotated(args: TokenStream, item: TokenStream) {
    match plugin::check(args, item.clone()) {
        Ok(plugin) => {
            let (after, is_last) = stacked::pass_on(item.clone(), &plugin.entries());
            assert!(!is_last || after.to_string() == item.to_string(), "the item is given back as it was");
            let package = Package { name: "a".to_owned(), version: "1".to_owned(), license: String::new() };
            expanded(Ok(expand::expand(&plugin, &package, is_last)), is_rust(&item));
        }
        Err(error) => expanded(Err(error), true),
    }
}

fn derived(result: syn::Result<TokenStream>, item: &TokenStream) {
    // `A +` is a type, but not with `as` behind it: the compiler refuses the field where it stands.
    let is_plain = |word: &str| !item.to_string().contains(word);
    expanded(result, is_plain("+") && is_rust(item));
}

fn expanded(result: syn::Result<TokenStream>, is_whole: bool) {
    let tokens = result.unwrap_or_else(|error| {
        assert!(error.clone().into_iter().all(|error| !error.to_string().trim().is_empty()), "a mistake has a reason");
        error.into_compile_error()
    });
    assert!(!is_whole || is_rust(&tokens), "it is written in Rust: {tokens}");
}

fn is_rust(tokens: &TokenStream) -> bool {
    syn::parse2::<syn::File>(tokens.clone()).is_ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, io};

    #[test]
    fn the_corpus_breaks_no_macro() -> io::Result<()> {
        let mut count = 0;
        for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/attribute"))? {
            super::attribute(&fs::read(file?.path())?);
            count += 1;
        }
        assert!(count > 0);
        Ok(())
    }
}
