//! Checks the attribute's text and the item against each other: every message about them is here.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::LitStr;

use crate::args::{Args, Model, path_to_core};
use crate::errors::Errors;
use crate::hint::choose;
use crate::item::{Form, Function, Item, first_doc_line};
use crate::kind::KINDS;
use crate::names;
use crate::place::is_in_impl;
use crate::tokens::{find_word, first_token, is_punct, is_word, split_at_commas, stream};

/// A checked plugin, ready to be written out.
pub(crate) struct Plugin {
    /// The trait of its kind, such as `Stt`.
    pub(crate) kind: Ident,
    pub(crate) name: LitStr,
    pub(crate) description: String,
    pub(crate) license: Option<LitStr>,
    pub(crate) models: Vec<Model>,
    /// The path to the core.
    pub(crate) krate: TokenStream,
    /// The entries of the attributes above this one on the same constructor.
    pub(crate) above: Vec<Ident>,
    /// Where the list of all of them goes.
    pub(crate) place: Place,
    /// `#[cfg]`s of the item: its entry must go when it goes.
    pub(crate) cfgs: Vec<syn::Attribute>,
    /// What to call.
    pub(crate) constructor: TokenStream,
    pub(crate) parameter: Parameter,
    /// Where the plugin's type stands in the return type.
    pub(crate) plugin_span: Span,
    /// Where its error's type stands.
    pub(crate) error_span: Span,
}

impl Plugin {
    /// The kind as it is written: `stt`.
    pub(crate) fn kind_name(&self) -> String {
        self.kind.to_string().to_lowercase()
    }

    /// The entries of this attribute and those above it.
    pub(crate) fn entries(&self) -> Vec<Ident> {
        let entry = names::entry(&self.kind_name(), &self.name.value());
        self.above.iter().cloned().chain([entry]).collect()
    }
}

/// Where the list of a constructor's entries goes.
pub(crate) enum Place {
    /// Beside the function of that name and visibility.
    Beside(Ident, syn::Visibility),
    /// Into another `impl` block of that type.
    Impl(TokenStream),
}

/// What the constructor takes.
pub(crate) enum Parameter {
    Nothing,
    /// The config as it is; where the referenced type stands.
    Reference(Span),
    /// A type that the config is read into.
    Typed(TokenStream),
}

const WHERE: &str = "annotate a function that makes the plugin, or an `impl` block with a function `new`";

pub(crate) fn check(text: TokenStream, item: TokenStream) -> syn::Result<Plugin> {
    let mut errors = Errors::default();
    let args = Args::read(text.clone(), &mut errors);
    let kind = args.kind.as_ref().and_then(|kind| kind_of(kind, &mut errors));
    let name = args.name.clone().filter(|name| is_name(name, &mut errors));
    let krate = match &args.krate {
        Some(given) => path_to_core(given, &mut errors),
        None => Some(quote::quote!(::lk_plugin)),
    };
    if let Some(description) = args.description.as_ref().filter(|text| text.value().contains(['\n', '\r'])) {
        errors.at(description.span(), "a description is one line; write it without line breaks");
    }
    for model in &args.models {
        check_model(model, &mut errors);
    }
    let found = errors.take(Item::read(item)).and_then(|item| {
        let (function, constructor) = constructor(&item, &mut errors)?;
        check_function(function, &mut errors);
        check_place(&text, &item.form, function, &mut errors);
        let lines = [first_doc_line(&item.attributes), first_doc_line(&function.attributes)];
        let description = args.description.as_ref().map(LitStr::value);
        let description = description.or_else(|| lines.into_iter().flatten().next()).unwrap_or_default();
        let cfgs = item.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect();
        let (plugin_span, error_span) = output_spans(function);
        let place = match &item.form {
            Form::Impl { header, .. } => Place::Impl(stream(header)),
            _ => Place::Beside(function.name.clone(), item.visibility.clone()),
        };
        Some((constructor, place, parameter(function), plugin_span, error_span, description, cfgs))
    });
    let plugin = match (kind, name, krate, found) {
        (
            Some(kind),
            Some(name),
            Some(krate),
            Some((constructor, place, parameter, plugin_span, error_span, description, cfgs)),
        ) => {
            let (license, models, above) = (args.license, args.models, args.above);
            Some(Plugin {
                kind,
                name,
                description,
                license,
                models,
                krate,
                above,
                place,
                cfgs,
                constructor,
                parameter,
                plugin_span,
                error_span,
            })
        }
        _ => None,
    };
    errors.finish(plugin)
}

pub(crate) fn kind_of(given: &LitStr, errors: &mut Errors) -> Option<Ident> {
    let value = given.value();
    let known = KINDS.iter().find(|(name, _)| *name == value);
    if known.is_none() {
        let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
        let problem = if value.is_empty() {
            "the kind is empty".to_owned()
        } else {
            format!("`{value}` is not a kind of plugin")
        };
        errors.at(given.span(), format!("{problem}; {}", choose(&value, &names)));
    }
    known.map(|(_, kind)| Ident::new(kind, Span::call_site()))
}

/// Lower-case letters and digits, with single hyphens between them; the core holds run-time names to the same.
pub(crate) fn is_name(given: &LitStr, errors: &mut Errors) -> bool {
    const GRAMMAR: &str = "use lower-case letters and digits, with single hyphens between them";
    let value = given.value();
    let lower = value.to_lowercase();
    let parts = lower.split(|letter: char| !(letter.is_ascii_lowercase() || letter.is_ascii_digit()));
    let valid = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if valid == value && !value.is_empty() {
        return true;
    }
    let example = if valid.is_empty() { "openai" } else { &valid };
    let problem =
        if value.is_empty() { "the name is empty".to_owned() } else { format!("`{value}` is not a plugin name") };
    errors.at(given.span(), format!("{problem}; {GRAMMAR}, such as `{example}`"));
    false
}

fn check_model(model: &Model, errors: &mut Errors) {
    let sha256 = model.sha256.value();
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        errors.at(
            model.sha256.span(),
            "this is not a SHA-256; write its 64 hexadecimal digits, as `sha256sum` prints them",
        );
    }
    if !model.url.value().starts_with("https://") {
        errors.at(model.url.span(), "models are downloaded over TLS only; write a URL that begins with `https://`");
    }
    let name = model.name.value();
    if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
        errors.at(model.name.span(), "this is not a file name; write one without slashes, such as `model.onnx`");
    }
    if model.size.base10_parse::<u64>().is_err() {
        errors.at(model.size.span(), "this is not a length in bytes; write a whole number, such as `1234`");
    }
}

/// The function that makes the plugin, and how to name it in a call.
fn constructor<'i>(item: &'i Item, errors: &mut Errors) -> Option<(&'i Function, TokenStream)> {
    match &item.form {
        Form::Function(function) => {
            let name = &function.name;
            Some((function, quote::quote!(#name)))
        }
        Form::Impl { header, constructors, braces } => {
            // `for<'a> fn(&'a str)` may stand in a type.
            let of_trait = header.windows(2).find(|pair| is_word(&pair[0], "for") && !is_punct(&pair[1], '<'));
            if let Some([word, ..]) = of_trait {
                errors.at(
                    word.span(),
                    "this block implements a trait; annotate the type's own `impl` block with `fn new`",
                );
                return None;
            }
            if let Some(bracket) = header.first().filter(|token| is_punct(token, '<')) {
                errors.at(bracket.span(), "a plugin cannot be generic; write the `impl` block for one concrete type");
                return None;
            }
            if let Some(word) = header.iter().find(|token| is_word(token, "where")) {
                errors.at(
                    word.span(),
                    "a plugin cannot have a where clause; write the `impl` block for one concrete type",
                );
                return None;
            }
            match constructors.as_slice() {
                [] => {
                    errors.at(*braces, "this `impl` block has no function `new`; add one that makes the plugin");
                    None
                }
                [new] => {
                    let (name, of) = (&new.name, stream(header));
                    Some((new, quote::quote!(<#of>::#name)))
                }
                [_, second, ..] => {
                    errors.at(second.name.span(), "a second `new`; keep one");
                    None
                }
            }
        }
        Form::Other { word, span } => {
            let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
            errors.at(*span, format!("{article} `{word}` cannot make a plugin; {WHERE}"));
            None
        }
    }
}

fn check_function(function: &Function, errors: &mut Errors) {
    for word in &function.qualifiers {
        let advice = match word.to_string().as_str() {
            "async" => "a constructor cannot be `async`; do the waiting in the plugin's own calls",
            "unsafe" => "a constructor cannot be `unsafe`; make it safe to call with any config",
            "extern" => "a constructor cannot be `extern`; remove the ABI",
            _ => continue,
        };
        errors.at(word.span(), advice);
    }
    if let Some(token) = function.generics.first() {
        let problem = if is_punct(token, '\'') {
            "a constructor has no lifetimes; leave this out, and take the config as `&Config`"
        } else {
            "a constructor cannot be generic; write it for concrete types"
        };
        errors.at(token.span(), problem);
    } else if let Some(span) = function.where_clause {
        errors.at(span, "a constructor cannot have a where clause; write it for concrete types");
    }
    for (index, parameter) in function.parameters.iter().enumerate() {
        if parameter.is_self {
            errors.at(parameter.span, "a method cannot make the plugin; take nothing, a config or `&Config`");
        } else if index > 0 {
            errors.at(parameter.span, "a constructor takes one parameter at most; put this into its config");
        } else if let Some(first) = first_token(&parameter.type_tokens).filter(|token| is_word(token, "impl")) {
            errors.at(first.span(), "the parameter needs a concrete type; name the config's type, or take `&Config`");
        } else if let [and, next, ..] = parameter.type_tokens.as_slice()
            && is_punct(and, '&')
        {
            if is_word(next, "mut") {
                errors.at(next.span(), "a constructor cannot change the config; take `&Config`");
            } else if is_punct(next, '\'') && function.generics.is_empty() {
                errors.at(next.span(), "the config is lent for the call alone; take `&Config` without a lifetime");
            }
        }
    }
    if function.output.is_empty() {
        errors.at(function.parentheses, "the constructor returns nothing; return the plugin, or a `Result` of it");
    } else if let Some(span) = elided_lifetime(&function.output) {
        errors.at(span, "the plugin outlives its config; return one that borrows nothing");
    }
}

/// Where a `'_` stands.
fn elided_lifetime(tokens: &[TokenTree]) -> Option<Span> {
    let here = tokens.windows(2).find(|pair| is_punct(&pair[0], '\'') && is_word(&pair[1], "_"));
    here.map(|pair| pair[1].span()).or_else(|| {
        tokens.iter().find_map(|token| match token {
            TokenTree::Group(group) => elided_lifetime(&group.stream().into_iter().collect::<Vec<_>>()),
            _ => None,
        })
    })
}

/// `Self` in a free function is a sign that it is not free; in a parameter it cannot be repeated outside of the block.
fn check_place(args: &TokenStream, form: &Form, function: &Function, errors: &mut Errors) {
    let in_parameters = function.parameters.iter().find_map(|parameter| find_word("Self", &parameter.type_tokens));
    match form {
        Form::Function(_) if function.parameters.iter().any(|parameter| parameter.is_self) => {}
        Form::Function(_) => {
            let sign = in_parameters.or_else(|| find_word("Self", &function.output));
            if let Some(span) = sign.or_else(|| is_in_impl(args, &function.name).then(|| function.name.span())) {
                errors
                    .at(span, "this function stands in an `impl` block; annotate the block instead, and call it `new`");
            }
        }
        _ => {
            if let Some(span) = in_parameters {
                errors.at(span, "the config's type is needed outside of this block; write it without `Self`");
            }
        }
    }
}

fn parameter(function: &Function) -> Parameter {
    let Some(parameter) = function.parameters.first() else { return Parameter::Nothing };
    match first_token(&parameter.type_tokens) {
        Some(token) if is_punct(&token, '&') => {
            Parameter::Reference(parameter.type_tokens.get(1).unwrap_or(&parameter.type_tokens[0]).span())
        }
        _ => Parameter::Typed(stream(&parameter.type_tokens)),
    }
}

/// Where the plugin's type and its error's type stand, so that the compiler's complaints about them land there. Only a
/// guess from the spelling: what is not called `Result<…>` is pointed at as a whole.
fn output_spans(function: &Function) -> (Span, Span) {
    let output = &function.output;
    let whole = output.first().map_or_else(Span::call_site, TokenTree::span);
    let result = output.iter().position(|token| is_word(token, "Result"));
    let Some(result) = result else { return (whole, whole) };
    let opened = output.get(result + 1).is_some_and(|token| is_punct(token, '<'));
    // Without the brackets: after the opening one, before the closing one, which is the last token.
    let arguments = output.get(result + 2..output.len().saturating_sub(1)).filter(|_| opened).unwrap_or_default();
    let arguments = split_at_commas(arguments);
    let span = |index: usize| arguments.get(index).and_then(|part| part.first()).map_or(whole, TokenTree::span);
    (span(0), span(1))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    /// What is said of a function that is a plugin.
    fn said(item: TokenStream) -> Vec<String> {
        let errors = check(quote!(kind = "stt", name = "a"), item).err();
        errors.into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn a_plugin_that_borrows_is_refused_however_it_is_wrapped() {
        for output in [quote!(A<'_>), quote!(Result<A<'_>, B>), quote!(Result<(A, [B<'_>; 2]), C>)] {
            let said = said(quote!(fn new(config: &Config) -> #output {}));
            assert!(matches!(said.as_slice(), [said] if said.contains("borrows nothing")), "{output}: {said:?}");
        }
        assert_eq!(
            said(quote!(
                fn new() -> Result<A<'static>, _> {}
            )),
            [""; 0]
        );
    }

    #[test]
    fn a_method_is_refused_once() {
        let said = said(quote!(
            fn new(&self) -> Self {}
        ));
        assert!(matches!(said.as_slice(), [said] if said.contains("a method cannot make")), "{said:?}");
    }

    #[test]
    fn a_reference_alone_is_the_config_as_it_is() {
        let parameter = |ty: TokenStream| {
            check(quote!(kind = "stt", name = "a"), quote!(fn new(config: #ty) -> A {})).map(|plugin| plugin.parameter)
        };
        assert!(matches!(parameter(quote!(&Config)), Ok(Parameter::Reference(_))));
        for ty in [quote!(Config), quote!(::a::Config), quote!(<A as B>::C)] {
            let typed =
                matches!(parameter(ty.clone()), Ok(Parameter::Typed(read)) if read.to_string() == ty.to_string());
            assert!(typed, "{ty}");
        }
    }

    #[test]
    fn a_model_has_the_name_of_a_file_in_no_folder() {
        for name in ["", "a/b.onnx", "a\\b.onnx", ".onnx"] {
            let models = quote!(models(file(name = #name, url = "https://a", size = 1, sha256 = "")));
            let errors = check(
                quote!(kind = "stt", name = "a", #models),
                quote!(
                    fn new() -> A {}
                ),
            )
            .err();
            let said: Vec<String> = errors.into_iter().flatten().map(|error| error.to_string()).collect();
            assert!(said.iter().any(|said| said.contains("not a file name")), "{name}: {said:?}");
        }
    }

    #[test]
    fn the_types_of_plugin_and_error_are_where_they_are_written() {
        let spans = |item: &str| {
            let plugin = check(quote!(kind = "stt", name = "a"), item.parse().unwrap_or_default()).ok()?;
            Some((plugin.plugin_span.start().column, plugin.error_span.start().column))
        };
        assert_eq!(spans("fn new() -> Plugin {}"), Some((12, 12)));
        assert_eq!(spans("fn new() -> Result<Plugin, Error> {}"), Some((19, 27)));
        assert_eq!(spans("fn new() -> a::Result<Box<A, B>, C> {}"), Some((22, 33)));
        assert_eq!(spans("fn new() -> a::Result<Plugin> {}"), Some((22, 12)));
    }
}
