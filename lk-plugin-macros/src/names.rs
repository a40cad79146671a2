//! The names of what is generated, in one place: several macros have to agree on them.

use proc_macro2::{Ident, Span};

/// `stt`, `openai-v2` as a part of an identifier: `stt_openai_v2`. Plugin names have no underscores, so two of them never
/// become the same.
fn joined(kind: &str, name: &str) -> String {
    format!("{kind}_{}", name.replace('-', "_"))
}

/// The macro that two plugins of one kind and name in one crate both define: that is what the compiler complains about.
pub(crate) fn unique(kind: &str, name: &str) -> Ident {
    Ident::new(&format!("lk_plugin_{}", joined(kind, name)), Span::call_site())
}

/// The constant that holds one entry.
pub(crate) fn entry(kind: &str, name: &str) -> Ident {
    Ident::new(&format!("{ENTRY}{}", joined(kind, name).to_uppercase()), Span::call_site())
}

/// Whether [`entry`] made it.
pub(crate) fn is_entry(name: &Ident) -> bool {
    name.to_string().starts_with(ENTRY)
}

const ENTRY: &str = "__LK_PLUGIN_";

/// The constant beside a constructor that holds all its entries.
pub(crate) fn entries(constructor: &Ident) -> Ident {
    let name = syn::ext::IdentExt::unraw(constructor).to_string();
    Ident::new(&format!("__LK_PLUGINS_OF_{}", name.to_uppercase()), constructor.span())
}

/// The section that a plugin leaves in whatever it is linked into; the linker makes `__start_` and this a symbol.
pub(crate) fn section(kind: &str, name: &str) -> String {
    format!("lk_plugin_{}", joined(kind, name))
}

/// The symbol that is defined twice when two crates have a plugin of one kind and name (feature `unique-at-link`).
pub(crate) fn symbol(kind: &str, name: &str) -> String {
    format!("lk_plugin_is_unique_{}", joined(kind, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_says_whose_it_is() {
        assert_eq!(unique("stt", "open-ai"), "lk_plugin_stt_open_ai");
        assert_eq!(entry("stt", "open-ai"), "__LK_PLUGIN_STT_OPEN_AI");
        assert!(is_entry(&entry("stt", "open-ai")) && !is_entry(&unique("stt", "open-ai")));
        assert_eq!(section("stt", "open-ai"), "lk_plugin_stt_open_ai");
        assert_eq!(symbol("stt", "open-ai"), "lk_plugin_is_unique_stt_open_ai");
        assert_eq!(entries(&Ident::new_raw("type", Span::call_site())), "__LK_PLUGINS_OF_TYPE");
    }
}
