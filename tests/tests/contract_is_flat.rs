//! Everything that crosses the contract is flat data, so that the same traits serve a static call, the vtable of a `.so`
//! and one day a WASM component; and `docs/abi.md` says of each piece how it will cross.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at its first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lk_plugin::{ErrorKind, Kind, Llm, Stt, Tts, Vad, VadStream};
use syn::{
    Fields, FnArg, GenericArgument, GenericParam, Item, PathArguments, ReceiverKind, ReturnType, TraitItem, Type,
    Visibility,
};

/// The source of the contract. Not here: `plugin.rs`, `config/` and `registry/`, which stay in one artifact (an entry
/// crosses as the JSON of its note), and `stream/`, whose types are the handles below.
const FILES: &[&str] = &["audio.rs", "error.rs", "error/wire.rs", "connect.rs", "language.rs"];

/// Files in `kinds/` that define no type of the contract: the table of kinds, and the traits on boxes.
const NOT_CONTRACT: &[&str] = &["mod.rs", "forward.rs"];

/// Types with behaviour: they become vtables.
const HANDLES: &[(&str, &str)] = &[
    ("AudioInput", "the input half of a transcription: poll_ready, start_send, end"),
    ("Error", "keeps its cause as a value; `WireError` is what crosses"),
    ("EventStream", "a poll vtable"),
    ("RecognizeStream", "two handles"),
    ("SynthesizeStream", "two handles"),
    ("TextInput", "the input half of a synthesis"),
];

/// Types that may have a lifetime, and with it references: views that last for one call.
const BORROWED: &[(&str, &str)] = &[("AudioFrameRef", "a frame on its way in is not copied")];

const SCALARS: &[&str] = &["bool", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64"];

const STD: &[&str] = &["String", "Duration", "SystemTime"];

fn is_listed(name: &str, list: &[(&str, &str)]) -> bool {
    list.iter().any(|(listed, _)| *listed == name)
}

/// A type of the contract as its source has it.
struct Shape {
    /// Fields or variants; those of a tuple struct are numbers.
    parts: Vec<String>,
    is_enum: bool,
}

#[derive(Default)]
struct Contract {
    shapes: BTreeMap<String, Shape>,
    aliases: BTreeMap<String, Type>,
    problems: Vec<String>,
}

impl Contract {
    fn read(files: &[syn::File]) -> Self {
        let mut contract = Self::default();
        let items: Vec<&Item> = files.iter().flat_map(|file| &file.items).collect();
        for item in &items {
            match item {
                Item::Struct(item) if is_public(&item.vis) => {
                    contract.add(&item.ident.to_string(), names_of(&item.fields), false);
                }
                Item::Enum(item) if is_public(&item.vis) => {
                    let parts = item.variants.iter().map(|variant| variant.ident.to_string()).collect();
                    contract.add(&item.ident.to_string(), parts, true);
                }
                Item::Union(item) => contract.problems.push(format!("`{}` is a union", item.ident)),
                Item::Type(item) if is_public(&item.vis) => {
                    contract.aliases.insert(item.ident.to_string(), (*item.ty).clone());
                }
                _ => {}
            }
        }
        for item in items {
            match item {
                Item::Struct(item) if is_public(&item.vis) => {
                    let name = item.ident.to_string();
                    contract.check_generics(&name, &item.generics);
                    contract.check_fields(&name, &item.fields);
                }
                Item::Enum(item) if is_public(&item.vis) => {
                    let name = item.ident.to_string();
                    contract.check_generics(&name, &item.generics);
                    for variant in &item.variants {
                        contract.check_fields(&format!("{name}::{}", variant.ident), &variant.fields);
                    }
                }
                _ => {}
            }
        }
        contract
    }

    fn add(&mut self, name: &str, parts: Vec<String>, is_enum: bool) {
        if !is_listed(name, HANDLES) {
            self.shapes.insert(name.to_owned(), Shape { parts, is_enum });
        }
    }

    fn check_generics(&mut self, name: &str, generics: &syn::Generics) {
        for parameter in &generics.params {
            if !(matches!(parameter, GenericParam::Lifetime(_)) && is_listed(name, BORROWED)) {
                self.problems.push(format!("`{name}` is generic"));
            }
        }
    }

    fn check_fields(&mut self, owner: &str, fields: &Fields) {
        let name = owner.split("::").next().unwrap();
        if is_listed(name, HANDLES) {
            return;
        }
        for (field, part) in fields.iter().zip(names_of(fields)) {
            if let Err(what) = self.flat(&field.ty, is_listed(name, BORROWED)) {
                self.problems.push(format!("`{owner}.{part}`: {what}"));
            }
        }
    }

    /// Whether values of this type are flat; with `borrowed`, references to such count.
    fn flat(&self, ty: &Type, borrowed: bool) -> Result<(), String> {
        match ty {
            Type::Path(path) => {
                let (name, arguments) = last_segment(path)?;
                match (name.as_str(), arguments.as_slice()) {
                    ("Vec" | "Option", [inner]) => self.flat(inner, false),
                    (name, []) if SCALARS.contains(&name) || STD.contains(&name) => Ok(()),
                    (name, []) if self.shapes.contains_key(name) => Ok(()),
                    (name, _) => Err(format!("`{name}` is not flat")),
                }
            }
            Type::Reference(reference) if borrowed && reference.mutability.is_none() => match &*reference.elem {
                Type::Slice(slice) => self.flat(&slice.elem, false),
                elem if is_str(elem) => Ok(()),
                elem => self.flat(elem, false),
            },
            _ => {
                Err("only scalars, text, times, `Vec` and `Option` of these, and types of the contract are flat"
                    .to_owned())
            }
        }
    }

    /// Whether a trait's method may take this.
    fn parameter(&self, ty: &Type) -> Result<(), String> {
        match ty {
            Type::Reference(reference) if reference.mutability.is_some() => match &*reference.elem {
                Type::Path(path) => match last_segment(path)? {
                    (name, arguments) if name == "Vec" && arguments.len() == 1 => self.flat(&arguments[0], false),
                    (name, _) => Err(format!("`&mut {name}` is not a buffer of events")),
                },
                _ => Err("this is not a buffer of events".to_owned()),
            },
            Type::Reference(reference) if is_str(&reference.elem) => Ok(()),
            Type::Reference(reference) => self.flat(&reference.elem, false),
            ty => self.flat(ty, false),
        }
    }

    /// Whether a trait's method may return this.
    fn result(&self, ty: &Type) -> Result<(), String> {
        match ty {
            Type::Reference(reference) if reference.mutability.is_none() && is_str(&reference.elem) => Ok(()),
            Type::Tuple(tuple) if tuple.elems.is_empty() => Ok(()),
            Type::TraitObject(object) => {
                let bounds: Vec<_> = object.bounds.iter().collect();
                match bounds.as_slice() {
                    [syn::TypeParamBound::Trait(bound)] if bound.path.is_ident("VadStream") => Ok(()),
                    _ => Err("a trait object that has no vtable in docs/abi.md".to_owned()),
                }
            }
            Type::Path(path) => {
                let (name, arguments) = last_segment(path)?;
                match (name.as_str(), arguments.as_slice()) {
                    ("Result" | "Option" | "BoxFuture" | "Box", [inner]) => self.result(inner),
                    ("EventStream", [item]) => self.flat(item, false),
                    (name, []) if is_listed(name, HANDLES) => Ok(()),
                    (name, []) if self.aliases.contains_key(name) => self.result(&self.aliases[name]),
                    _ => self.flat(ty, false),
                }
            }
            ty => self.flat(ty, false),
        }
    }

    fn check_trait(&mut self, item: &syn::ItemTrait) -> Vec<String> {
        let mut methods = Vec::new();
        if !item.generics.params.is_empty() {
            self.problems.push(format!("the trait `{}` is generic", item.ident));
        }
        for part in &item.items {
            let TraitItem::Fn(method) = part else {
                self.problems.push(format!("the trait `{}` has something that is not a method", item.ident));
                continue;
            };
            let (signature, place) = (&method.sig, format!("{}::{}", item.ident, method.sig.ident));
            methods.push(signature.ident.to_string());
            if signature.asyncness.is_some() || !signature.generics.params.is_empty() {
                self.problems.push(format!("`{place}` is async or generic"));
            }
            for input in &signature.inputs {
                let problem = match input {
                    FnArg::Receiver(receiver) if matches!(receiver.kind, ReceiverKind::Reference(..)) => None,
                    FnArg::Receiver(_) => Some("it takes itself by value".to_owned()),
                    FnArg::Typed(input) => self.parameter(&input.ty).err(),
                };
                self.problems.extend(problem.map(|problem| format!("`{place}` takes what is not flat: {problem}")));
            }
            if let ReturnType::Type(_, output) = &signature.output
                && let Err(problem) = self.result(output)
            {
                self.problems.push(format!("`{place}` returns what is not flat: {problem}"));
            }
        }
        methods
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn names_of(fields: &Fields) -> Vec<String> {
    let name =
        |(index, field): (usize, &syn::Field)| field.ident.as_ref().map_or(index.to_string(), ToString::to_string);
    fields.iter().enumerate().map(name).collect()
}

fn is_str(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("str"))
}

/// The name and its type arguments, for paths that lead nowhere but to std and this crate.
fn last_segment(path: &syn::TypePath) -> Result<(String, Vec<Type>), String> {
    let segments: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    if path.qself.is_some() || (segments.len() > 1 && !["crate", "super", "std"].contains(&segments[0].as_str())) {
        return Err(format!("`{}` is of another crate", segments.join("::")));
    }
    let segment = path.path.segments.last().unwrap();
    let arguments = match &segment.arguments {
        PathArguments::None => Vec::new(),
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter(|argument| !matches!(argument, GenericArgument::Lifetime(_)))
            .map(|argument| match argument {
                GenericArgument::Type(ty) => Ok(ty.clone()),
                _ => Err(format!("`{}` has an argument that is no type", segment.ident)),
            })
            .collect::<Result<_, _>>()?,
        PathArguments::Parenthesized(_) => return Err("a function is not flat".to_owned()),
    };
    Ok((segment.ident.to_string(), arguments))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn parse(path: &Path) -> syn::File {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The contract's files; every kind's own, so that a fifth kind is held to the same.
fn files() -> Vec<syn::File> {
    let source = root().join("lk-plugin/src");
    let mut paths: Vec<PathBuf> = FILES.iter().map(|file| source.join(file)).collect();
    for entry in std::fs::read_dir(source.join("kinds")).unwrap() {
        let path = entry.unwrap().path();
        if !NOT_CONTRACT.iter().any(|file| path.ends_with(file)) {
            paths.push(path);
        }
    }
    assert!(paths.len() >= FILES.len() + 6, "{paths:?}");
    paths.iter().map(|path| parse(path)).collect()
}

#[test]
fn every_type_of_the_contract_is_flat() {
    let contract = Contract::read(&files());
    assert!(contract.problems.is_empty(), "{:#?}", contract.problems);
    // That the reading itself works.
    for name in ["AudioFrameRef", "SpeechEvent", "ChatItem", "ChatChunk", "VadEvent", "SynthesizeInput", "WireError"] {
        assert!(contract.shapes.contains_key(name), "{name} was not found");
    }
}

#[test]
fn every_method_takes_and_returns_contract_types() {
    let files = files();
    let mut contract = Contract::read(&files);
    let mut checked = BTreeMap::new();
    for item in files.iter().flat_map(|file| &file.items) {
        if let Item::Trait(item) = item
            && is_public(&item.vis)
        {
            let methods = contract.check_trait(item);
            checked.insert(item.ident.to_string(), methods);
        }
    }
    assert!(contract.problems.is_empty(), "{:#?}", contract.problems);
    assert_eq!(checked.keys().collect::<Vec<_>>(), ["Llm", "Stt", "Tts", "Vad", "VadStream"]);

    let page = Page::read();
    for (name, methods) in &checked {
        let instances = page.text.split_once("## Instances").unwrap().1;
        let row = instances.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).expect(name);
        for method in methods {
            assert!(row.contains(&format!("`{method}`")), "docs/abi.md: the row of `{name}` lacks `{method}`");
        }
    }
}

#[test]
fn what_is_not_flat_is_found() {
    let bad_types = [
        ("pub struct A { pub f: Box<u8> }", "A.f"),
        ("pub struct A { pub f: std::sync::Arc<str> }", "A.f"),
        ("pub struct A { pub f: Vec<std::rc::Rc<u8>> }", "A.f"),
        ("pub struct A { pub f: std::collections::HashMap<String, String> }", "A.f"),
        ("pub struct A { pub f: Option<serde_json::Value> }", "A.f"),
        ("pub struct A { pub f: fn(u8) -> u8 }", "A.f"),
        ("pub struct A { pub f: (u8, u8) }", "A.f"),
        ("pub struct A { pub f: usize }", "A.f"),
        ("pub struct A { pub f: char }", "A.f"),
        ("pub struct A { pub f: chrono::Duration }", "A.f"),
        ("pub struct A { pub f: &'static str }", "A.f"),
        ("pub struct A { f: Box<dyn Send> }", "A.f"),
        ("pub struct A { pub f: Unknown }", "A.f"),
        ("pub struct A { pub f: *const u8 }", "A.f"),
        ("pub struct A { pub f: <u8 as Add>::Output }", "A.f"),
        ("pub struct A { pub f: Error }", "A.f"),
        ("pub struct A(pub Box<u8>);", "A.0"),
        ("pub struct A<T> { pub f: Vec<T> }", "`A` is generic"),
        ("pub struct A<'a> { pub f: u8 }", "`A` is generic"),
        ("pub struct AudioFrameRef<'a> { f: &'a mut [i16] }", "AudioFrameRef.f"),
        ("pub struct AudioFrameRef<'a> { f: &'a [Box<u8>] }", "AudioFrameRef.f"),
        ("pub enum A { B(u8), C(Box<u8>) }", "A::C.0"),
        ("pub enum A { B { f: Box<u8> } }", "A::B.f"),
        ("pub union A { f: u8 }", "`A` is a union"),
    ];
    for (source, place) in bad_types {
        let contract = Contract::read(&[syn::parse_str(source).unwrap()]);
        assert!(contract.problems.iter().any(|problem| problem.contains(place)), "{source}: {:?}", contract.problems);
    }
    let good = "pub struct A { pub f: Vec<Option<B>>, g: std::time::Duration } pub enum B { C, D(String), E(A) }";
    assert!(Contract::read(&[syn::parse_str(good).unwrap()]).problems.is_empty());

    let bad_methods = [
        "fn f(self);",
        "fn f<T>(&self);",
        "async fn f(&self);",
        "fn f(&self, t: Box<dyn Send>);",
        "fn f(&self, t: impl Into<String>);",
        "fn f(&self, t: &mut String);",
        "fn f(&self, t: &mut Vec<Box<u8>>);",
        "fn f(&self) -> Box<dyn Send>;",
        "fn f(&self) -> Box<dyn VadStream + Sync>;",
        "fn f(&self) -> impl Send;",
        "fn f(&self) -> Result<Vec<Box<u8>>>;",
        "fn f(&self) -> EventStream<Box<u8>>;",
        "fn f(&self) -> std::sync::Arc<u8>;",
        "type T;",
    ];
    for method in bad_methods {
        let item: syn::ItemTrait = syn::parse_str(&format!("pub trait T {{ {method} }}")).unwrap();
        let mut contract = Contract::default();
        contract.check_trait(&item);
        assert_eq!(contract.problems.len(), 1, "{method}: {:?}", contract.problems);
    }
}

#[test]
fn traits_are_object_safe_and_cross_threads() {
    fn crosses<T: Send + Sync + ?Sized>() {}
    fn moves<T: Send + ?Sized>() {}
    crosses::<dyn Stt>();
    crosses::<dyn Tts>();
    crosses::<dyn Llm>();
    crosses::<dyn Vad>();
    moves::<dyn VadStream>();
}

/// `docs/abi.md`: its sections by the type in their heading.
struct Page {
    text: String,
    sections: BTreeMap<String, String>,
}

impl Page {
    fn read() -> Self {
        let text = std::fs::read_to_string(root().join("docs/abi.md")).unwrap();
        let mut sections = BTreeMap::new();
        for part in text.split("\n### ").skip(1) {
            let (heading, body) = part.split_once('\n').unwrap();
            let body = body.split("\n## ").next().unwrap();
            if let Some(name) = heading.split('`').nth(1) {
                let earlier = sections.insert(name.to_owned(), body.to_owned());
                assert!(earlier.is_none(), "docs/abi.md has two sections of `{name}`");
            }
        }
        Self { text, sections }
    }

    /// The cells of the rows that begin with a name in backticks: the name first.
    fn rows(&self, name: &str) -> Vec<Vec<String>> {
        let section = self.sections.get(name).unwrap_or_else(|| panic!("docs/abi.md has no section `{name}`"));
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
            .collect()
    }
}

#[test]
fn the_page_has_every_type_with_every_field_and_nothing_else() {
    let contract = Contract::read(&files());
    let page = Page::read();
    for (name, shape) in &contract.shapes {
        let rows = page.rows(name);
        let listed: Vec<&String> = rows.iter().map(|row| &row[0]).collect();
        assert_eq!(
            listed,
            shape.parts.iter().collect::<Vec<_>>(),
            "docs/abi.md, `{name}`: fields in the source's order"
        );
        if shape.is_enum {
            let codes: BTreeSet<u32> = rows.iter().map(|row| row[1].parse().unwrap()).collect();
            assert_eq!(codes.len(), rows.len(), "docs/abi.md, `{name}`: a code stands for two variants");
            assert!(!codes.contains(&0), "docs/abi.md, `{name}`: 0 is none");
        } else {
            assert!(rows.iter().all(|row| row.len() == 3 && !row[2].is_empty()), "docs/abi.md, `{name}`: no C form");
        }
    }
    let known = |name: &String| {
        contract.shapes.contains_key(name) || is_listed(name, HANDLES) || name == "Kind" || name == "BoxFuture"
    };
    let stale: Vec<&String> = page.sections.keys().filter(|name| !known(name)).collect();
    assert!(stale.is_empty(), "docs/abi.md has sections of what is not in the contract: {stale:?}");
    for (name, reason) in HANDLES {
        assert!(page.sections.contains_key(*name), "docs/abi.md has no section of the handle `{name}` ({reason})");
    }
}

#[test]
fn the_page_repeats_the_rust_types() {
    let files = files();
    let page = Page::read();
    let plain = |text: &str| text.replace(char::is_whitespace, "");
    for item in files.iter().flat_map(|file| &file.items) {
        if let Item::Struct(item) = item
            && is_public(&item.vis)
            && !is_listed(&item.ident.to_string(), HANDLES)
        {
            let rows = page.rows(&item.ident.to_string());
            for (field, row) in item.fields.iter().zip(rows) {
                let span = field.ty.clone();
                let given = plain(&row[1]);
                let written: Type = syn::parse_str(&given.replace("&'a", "&'a ")).unwrap();
                assert_eq!(written, span, "docs/abi.md, `{}.{}`", item.ident, row[0]);
            }
        }
    }
}

#[test]
fn the_page_has_the_codes_of_errors_and_kinds() {
    let page = Page::read();
    let rows = page.rows("ErrorKind");
    for kind in ErrorKind::ALL {
        let row = rows.iter().find(|row| row[0] == format!("{kind:?}"));
        let row = row.unwrap_or_else(|| panic!("docs/abi.md has no row for `ErrorKind::{kind:?}`"));
        assert_eq!(row[1], kind.code().to_string(), "{kind:?}");
    }
    let kinds: Vec<String> = page.rows("Kind").into_iter().map(|mut row| row.remove(0)).collect();
    let all: Vec<String> = Kind::ALL.iter().map(|kind| format!("{kind:?}")).collect();
    assert_eq!(kinds, all);
}
