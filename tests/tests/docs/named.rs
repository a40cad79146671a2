//! Files and tests that pages name are there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::page::{Page, files, pages, root};

/// Folders whose contents ARCHITECTURE.md and the pages name without saying where they are.
const ROOMS: [&str; 9] = [
    "",
    "lk-plugin",
    "lk-plugin/src",
    "lk-plugin-macros",
    "lk-plugin-macros/src",
    "lk-plugins",
    "lk-plugins/src",
    "lk-go",
    "lk-go/src",
];

const EXTENSIONS: [&str; 10] = ["csv", "golden", "json", "md", "onnx", "py", "rs", "sh", "toml", "wav"];

/// A word that can only be a path: it has a slash, or the extension of a file.
fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let extension = Path::new(word).extension().and_then(|extension| extension.to_str());
    plain
        && word.len() > 1
        && (word.contains('/') || extension.is_some_and(|extension| EXTENSIONS.contains(&extension)))
}

/// The paths in a line of prose.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./".contains(c)));
    words.map(|word| word.trim_end_matches('.')).filter(|word| is_path(word))
}

#[test]
fn the_map_names_what_is_there() {
    let page = Page::read(PathBuf::from("ARCHITECTURE.md"));
    let map =
        &page.blocks.iter().find(|(language, text)| language == "text" && text.starts_with("Cargo.toml")).unwrap().1;
    let (mut wrong, mut count) = (Vec::new(), 0);
    let (mut house, mut room) = (PathBuf::new(), PathBuf::new());
    for line in map.lines() {
        // A line at the margin names a house, one that is indented by two a room in it; others go on.
        let indent = line.len() - line.trim_start().len();
        let first = line.trim_start().split("  ").next().unwrap();
        let place = Path::new(first.split(',').next().unwrap());
        match indent {
            0 => (house, room) = (place.to_owned(), place.to_owned()),
            2 => room = house.join(place),
            _ => {}
        }
        let rooms = [PathBuf::new(), house.clone(), house.join("src"), room.clone(), room.parent().unwrap().to_owned()];
        for path in paths(line) {
            count += 1;
            if !rooms.iter().any(|room| root().join(room).join(path).exists()) {
                wrong.push(format!("`{path}` in `{}`", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md names what is not there:\n{}", wrong.join("\n"));
    assert!(count > 60, "only {count} paths were found");
}

#[test]
fn paths_between_backticks_are_there() {
    let mut wrong = Vec::new();
    for page in pages().iter().filter(|page| page.path != Path::new("CHANGELOG.md")) {
        for code in page.code.iter().filter(|code| is_path(code)) {
            // `stt/openai` is a plugin and `target/…` not there yet: only what begins like a path of ours is one.
            let (first, rest) = code.split_once('/').unwrap_or((code, ""));
            let is_ours = if page.path == Path::new("ARCHITECTURE.md") {
                true
            } else {
                !rest.is_empty() && first != "target" && root().join(first).is_dir()
            };
            if is_ours && !ROOMS.iter().any(|room| root().join(room).join(code).exists()) {
                wrong.push(format!("{}: `{code}`", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "pages name what is not there:\n{}", wrong.join("\n"));
}

#[test]
fn pages_that_the_sources_name_are_there() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in files("rs") {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        for named in text.lines().flat_map(paths).filter(|named| named.starts_with("docs/") && named.ends_with(".md")) {
            count += 1;
            if !root().join(named).exists() {
                wrong.push(format!("{}: `{named}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "sources name pages that are not there:\n{}", wrong.join("\n"));
    assert!(count > 10, "only {count} pages were named");
}

/// `cargo test … --test NAME FILTER` and `cargo test … --lib FILTER`, wherever a page tells somebody to run it.
#[test]
fn tests_that_pages_name_are_there() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in pages() {
        let blocks = page.blocks.iter().flat_map(|(_, text)| text.lines());
        for command in page.code.iter().map(String::as_str).chain(blocks).filter(|line| line.contains("cargo test")) {
            let words: Vec<&str> =
                command.split_whitespace().take_while(|word| *word != "#" && *word != "--").collect();
            let after = |flag: &str, nth: usize| words.get(words.iter().position(|word| *word == flag)? + nth);
            let (sources, filter) = if let Some(name) = after("--test", 1) {
                (sources(|path| is_of_test(path, name)), after("--test", 2))
            } else if let Some(filter) = after("--lib", 1) {
                (sources(|path| path.iter().any(|part| part == "src")), Some(filter))
            } else {
                continue;
            };
            count += 1;
            // A filter fits what contains it: the name of a test, or of its module.
            let names = |text: &String| filter.is_none_or(|filter| filter.split("::").all(|part| text.contains(part)));
            if !sources.iter().any(names) {
                wrong.push(format!("{}: `{command}`", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "pages name tests that are not there:\n{}", wrong.join("\n"));
    assert!(count > 60, "only {count} tests were named");
}

/// Whether this is a source of the test binary of that name, in any package.
fn is_of_test(path: &Path, name: &str) -> bool {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.windows(2).any(|pair| pair[0] == "tests" && (pair[1] == name || pair[1] == format!("{name}.rs")))
}

fn sources(wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let paths = files("rs").into_iter().filter(|path| wanted(path));
    // Its path is a part of a test's name.
    paths.map(|path| format!("{}\n{}", path.display(), fs::read_to_string(root().join(&path)).unwrap())).collect()
}

/// The conformance kit's page has its checks, each with its rule, kind by kind.
#[test]
fn every_check_has_its_row() {
    let page = fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let sections: Vec<&str> = page.split("\n## ").collect();
    for (file, title) in [
        ("every_kind", "All kinds"),
        ("stt", "Speech to text"),
        ("tts", "Text to speech"),
        ("llm", "Language models"),
        ("vad", "Voice activity"),
    ] {
        let source = fs::read_to_string(root().join(format!("lk-plugin/src/conformance/{file}.rs"))).unwrap();
        let checks = source.split("Check {").skip(1).filter_map(|text| {
            let name = text.trim_start().strip_prefix("name: \"")?.split('"').next()?;
            Some((name, text.split("rule: \"").nth(1)?.split('"').next()?))
        });
        let written: Vec<String> = checks.map(|(name, rule)| format!("| `{name}` | {rule} |")).collect();
        let section = sections.iter().find(|section| section.starts_with(title)).unwrap();
        let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows, written, "docs/conformance.md, {title}");
    }
}
