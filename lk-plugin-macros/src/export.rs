//! `export_plugins!()`: the one symbol of a `.so`, and the note about it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token, bracketed, parenthesized};

use crate::args::comma_separated;
use crate::errors::Errors;

const USAGE: &str = "write `from = [\"my-plugins\"]`, or nothing";

/// `(path to the core)` and perhaps `from = ["package", …]`: the calling package's plugins and those of the others.
pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let read = |input: ParseStream<'_>| {
        let krate;
        parenthesized!(krate in input);
        let krate: TokenStream = krate.parse()?;
        Ok((krate, others(input)?))
    };
    let (krate, others) = read.parse2(input)?;
    let mut errors = Errors::default();
    for package in &others {
        let name = package.value();
        if name.is_empty() || name.chars().any(|letter| !(letter.is_alphanumeric() || matches!(letter, '-' | '_'))) {
            let problem = format!("`{name}` is not the name of a package");
            errors.at(package.span(), format!("{problem}; write it as its `Cargo.toml` does, such as `my-plugins`"));
        }
    }
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let symbol = symbol(&package);
    let others = others.iter();
    errors.finish(Some(quote! {
        const _: () = {
            const EXPORTS: &[&str] = &[
                #krate::__private::or_empty(#krate::__private::option_env!("CARGO_PKG_NAME")),
                #(#others),*
            ];
            static MODULE: #krate::__private::Exports = #krate::__private::Exports::new(EXPORTS);

            #[cfg(not(target_family = "wasm"))]
            #[unsafe(export_name = #symbol)]
            extern "C" fn module() -> *const #krate::__private::Nothing {
                #krate::__private::module(&MODULE)
            }

            #krate::__module_note! { symbol: #symbol, exports: EXPORTS }
        };
    }))
}

fn others(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let place = input.span();
    let key = input.parse::<Ident>().map_err(|_| syn::Error::new(place, format!("this is not an option; {USAGE}")))?;
    if key != "from" {
        return Err(syn::Error::new(key.span(), format!("`{key}` is not an option; {USAGE}")));
    }
    if input.parse::<Token![=]>().is_err() || !input.peek(syn::token::Bracket) {
        let place = if input.is_empty() { key.span() } else { input.span() };
        return Err(syn::Error::new(place, format!("`from` takes a list of packages; {USAGE}")));
    }
    let list;
    bracketed!(list in input);
    let problem = "this is not the name of a package; write it in quotes, such as `\"my-plugins\"`";
    let packages = comma_separated(&list, problem)?;
    input.parse::<Option<Token![,]>>()?;
    if !input.is_empty() {
        return Err(input.error("this does not belong here; remove it"));
    }
    Ok(packages)
}

/// The symbol of a package's module. Each has its own, so that several such crates can be linked into one program, as
/// ordinary libraries.
fn symbol(package: &str) -> String {
    let package = package.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    format!("lk_plugin_module_v1_{package}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_has_a_symbol_that_every_linker_takes() {
        assert_eq!(symbol("energy-vad"), "lk_plugin_module_v1_energy_vad");
    }

    #[test]
    fn mistakes_are_told_with_what_to_write() {
        for (input, wanted) in [
            (quote!((k) form = ["a"]), "`form` is not an option; write `from"),
            (quote!((k) "a"), "this is not an option; write `from"),
            (quote!((k) from), "`from` takes a list"),
            (quote!((k) from =), "`from` takes a list"),
            (quote!((k) from = "a"), "`from` takes a list"),
            (quote!((k) from = [a]), "write it in quotes"),
            (quote!((k) from = ["a" "b"]), "a comma is missing"),
            (quote!((k) from = ["a b"]), "`a b` is not the name of a package; write it"),
            (quote!((k) from = ["a"] "b"), "this does not belong here"),
        ] {
            let told = expand(input).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains(wanted), "{told}");
        }
        assert!(expand(quote!((k) from = ["a", "b"],)).is_ok());
    }
}
