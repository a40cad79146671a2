//! `plugins![openai::new, Silero::new]`: a registry of named constructors, where there is no slice to gather from.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Path, parenthesized};

use crate::args::comma_separated;
use crate::names;

/// `(path to the core) constructor, constructor, …` as a registry of the entries beside the constructors.
pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let read = |input: ParseStream<'_>| {
        let krate;
        parenthesized!(krate in input);
        let problem = "this is not the path of a constructor; write one such as `my_plugin::new`";
        Ok((krate.parse::<TokenStream>()?, comma_separated::<Path>(input, problem)?))
    };
    let (krate, mut constructors) = read.parse2(input)?;
    for constructor in &mut constructors {
        if let Some(last) = constructor.segments.last_mut() {
            last.ident = names::entries(&last.ident);
        }
    }
    Ok(quote!(#krate::__private::registry_of(&[#(#constructors),*])))
}
