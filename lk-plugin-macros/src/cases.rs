//! The cases of `ui-tests` without the compiler: what the macros themselves say about each file of `fail/`, word for word
//! and place by place, and that they say nothing about those of `pass/`. The compiler takes minutes for what takes a second
//! here, so a change of a check is seen at once; what the compiler adds is seen there alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ImplItem, Item, Meta, Stmt};

use crate::note::Package;
use crate::{config, expand, explicit, export, plugin, require, stacked};

/// Line and column, both from 1, and what is said there.
type Mistake = (usize, usize, String);

/// Cases whose errors without a code are not the macros', or cannot be seen from here, with the reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("method_of_concrete_type", "the compiler alone says in which file the attribute stands"),
    ("plugin_borrows_config", "a lifetime begins after its tick here, and with it for the compiler"),
];

#[test]
fn each_mistake_is_explained_where_the_case_says() {
    let (mut compared, mut differences) = (0, Vec::new());
    for path in files("fail") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == name) {
            continue;
        }
        let said = fs::read_to_string(path.with_extension("stderr")).unwrap_or_default();
        let (found, wanted) = (mistakes(&path), mistakes_in(&said, &name));
        compared += wanted.len();
        if found != wanted {
            differences.push(format!("{name}: its .stderr has {wanted:?}, and the macros say {found:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(compared > 100, "{compared}");
}

#[test]
fn nothing_is_said_about_what_is_right() {
    for path in files("pass") {
        assert_eq!(mistakes(&path), BTreeSet::new(), "{}", path.display());
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui-tests").join(folder);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect();
    assert!(!files.is_empty());
    files
}

/// The errors without a code in what the compiler said about a case.
fn mistakes_in(said: &str, name: &str) -> BTreeSet<Mistake> {
    let mut mistakes = BTreeSet::new();
    for part in said.split("\nerror").map(|part| part.strip_prefix("error").unwrap_or(part)) {
        let Some(part) = part.strip_prefix(": ") else { continue };
        let Some((message, place)) = part.split_once(&format!("--> fail/{name}.rs:")) else { continue };
        let place = place.lines().next().unwrap_or_default();
        let Some((line, column)) = place.split_once(':') else { continue };
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        mistakes.insert((line.parse().unwrap_or_default(), column.parse().unwrap_or_default(), message));
    }
    mistakes
}

/// What our macros say about the items of a file.
#[expect(clippy::panic, reason = "a test stops at its first surprise")]
fn mistakes(path: &Path) -> BTreeSet<Mistake> {
    let source = fs::read_to_string(path).unwrap_or_default();
    let file = match syn::parse_file(&source) {
        Ok(file) => file,
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let mut mistakes = BTreeSet::new();
    for item in &file.items {
        expand_item(item, &mut mistakes);
    }
    mistakes
}

fn expand_item(item: &Item, mistakes: &mut BTreeSet<Mistake>) {
    match item {
        Item::Mod(module) => {
            for item in module.content.iter().flat_map(|(_, items)| items) {
                expand_item(item, mistakes);
            }
            annotated(&module.attrs, item, mistakes);
        }
        Item::Fn(function) => {
            for statement in &function.block.stmts {
                match statement {
                    Stmt::Item(item) => expand_item(item, mistakes),
                    Stmt::Local(local) => {
                        if let Some(Expr::Macro(call)) = local.init.as_ref().map(|init| &*init.expr) {
                            called(&call.mac, mistakes);
                        }
                    }
                    _ => {}
                }
            }
            annotated(&function.attrs, item, mistakes);
        }
        Item::Impl(block) => {
            annotated(&block.attrs, item, mistakes);
            for function in &block.items {
                if let ImplItem::Fn(function) = function {
                    annotated(&function.attrs, function, mistakes);
                }
            }
        }
        Item::Struct(item) => on_type(&item.attrs, item, mistakes),
        Item::Enum(item) => on_type(&item.attrs, item, mistakes),
        Item::Union(item) => on_type(&item.attrs, item, mistakes),
        Item::Const(constant) => annotated(&constant.attrs, item, mistakes),
        Item::Macro(call) => called(&call.mac, mistakes),
        _ => {}
    }
}

fn called(call: &syn::Macro, mistakes: &mut BTreeSet<Mistake>) {
    let tokens = &call.tokens;
    let expanded = match call.path.segments.last().map(|last| last.ident.to_string()).as_deref() {
        Some("require") => require::expand(tokens.clone()),
        Some("export_plugins") => export::expand(quote!((lk_plugin) #tokens)),
        // Not a macro of the case's own.
        Some("plugins") if call.path.segments.len() > 1 => explicit::expand(quote!((lk_plugin) #tokens)),
        _ => return,
    };
    collect(expanded.unwrap_or_else(syn::Error::into_compile_error), call.path.span(), mistakes);
}

fn on_type(attributes: &[Attribute], item: &impl ToTokens, mistakes: &mut BTreeSet<Mistake>) {
    annotated(attributes, item, mistakes);
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let derives = |list: syn::punctuated::Punctuated<syn::Path, syn::Token![,]>| {
            for path in list {
                let tokens = without(attributes, attribute, item);
                let Some(last) = path.segments.last() else { continue };
                let expanded = match last.ident.to_string().as_str() {
                    "PluginConfig" => config::derive(tokens),
                    "ConfigValue" => config::derive_choice(tokens),
                    _ => continue,
                };
                collect(expanded.unwrap_or_else(syn::Error::into_compile_error), path.span(), mistakes);
            }
        };
        let list = attribute.parse_args_with(syn::punctuated::Punctuated::parse_terminated);
        list.map(derives).unwrap_or_default();
    }
}

fn annotated(attributes: &[Attribute], item: &impl ToTokens, mistakes: &mut BTreeSet<Mistake>) {
    for attribute in attributes {
        if attribute.path().segments.last().is_none_or(|last| last.ident != "lk_plugin") {
            continue;
        }
        let args = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        let item = without(attributes, attribute, item);
        let expanded = match plugin::check(args, item.clone()) {
            Ok(plugin) => {
                let package = Package { name: "a".to_owned(), version: "1".to_owned(), license: String::new() };
                let (_, is_last) = stacked::pass_on(item, &plugin.entries());
                expand::expand(&plugin, &package, is_last)
            }
            Err(error) => error.into_compile_error(),
        };
        collect(expanded, attribute.span(), mistakes);
    }
}

/// The item as the macro gets it: its own attribute is gone, and all above it, which came first.
fn without(attributes: &[Attribute], own: &Attribute, item: &impl ToTokens) -> TokenStream {
    let gone = attributes.iter().take_while(|attribute| !std::ptr::eq(*attribute, own)).count() + 1;
    // An attribute is two tokens: `#` and its brackets.
    item.to_token_stream().into_iter().skip(2 * gone).collect()
}

/// The `compile_error!`s among these tokens; one without a place of its own is shown at the macro's call.
fn collect(tokens: TokenStream, call: Span, mistakes: &mut BTreeSet<Mistake>) {
    let nowhere = Span::call_site().start();
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            let is_error = matches!(index.checked_sub(2).map(|name| &tokens[name]), Some(TokenTree::Ident(word)) if word == "compile_error");
            if !is_error {
                collect(group.stream(), call, mistakes);
                continue;
            }
            let message = syn::parse2::<syn::LitStr>(group.stream()).map(|text| text.value()).unwrap_or_default();
            let start = tokens[index - 2].span().start();
            let start = if start == nowhere { call.start() } else { start };
            let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
            mistakes.insert((start.line, start.column + 1, message));
        }
    }
}
