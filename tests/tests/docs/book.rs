//! The book (`mdbook build docs`) has every page once, and no page of it links to what the book has not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::links::{leaves_the_machine, resolve};
use crate::page::{Page, pages};

const CONTENTS: &str = "docs/SUMMARY.md";

fn chapters(contents: &Page) -> Vec<PathBuf> {
    contents.links.iter().map(|link| resolve(&contents.path, link).unwrap()).collect()
}

#[test]
fn the_contents_name_every_page_once() {
    let pages = pages();
    let contents = pages.iter().find(|page| page.path == Path::new(CONTENTS)).unwrap();
    let named = chapters(contents);
    let once: BTreeSet<_> = named.iter().cloned().collect();
    assert_eq!(once.len(), named.len(), "{CONTENTS} names a page twice");
    let there = pages.iter().map(|page| page.path.clone());
    let there: BTreeSet<_> = there.filter(|path| path.starts_with("docs") && path != Path::new(CONTENTS)).collect();
    let missing: Vec<_> = there.difference(&once).collect();
    assert!(missing.is_empty(), "write a line for each of these in {CONTENTS}: {missing:?}");
    let gone: Vec<_> = once.difference(&there).collect();
    assert!(gone.is_empty(), "{CONTENTS} names pages that are not there: {gone:?}");
}

#[test]
fn pages_of_the_book_link_to_nothing_outside_of_it() {
    let mut outside = Vec::new();
    for page in pages().iter().filter(|page| page.path.starts_with("docs")) {
        for link in page.links.iter().filter(|link| !leaves_the_machine(link) && !link.starts_with('#')) {
            let file = link.split('#').next().unwrap();
            if !resolve(&page.path, file).is_some_and(|target| target.starts_with("docs")) {
                outside.push(format!("{}: `{link}`; name the file in backticks instead", page.path.display()));
            }
        }
    }
    assert!(outside.is_empty(), "{}", outside.join("\n"));
}
