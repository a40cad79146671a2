//! The Markdown files of the repository, and what stands in them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

/// A Markdown file as a reader follows it.
pub(crate) struct Page {
    /// Its path from the root of the repository.
    pub(crate) path: PathBuf,
    /// Where its links and images lead.
    pub(crate) links: Vec<String>,
    /// `[text][label]` whose label is nowhere.
    pub(crate) undefined: Vec<String>,
    /// What links can name in it after a `#`.
    pub(crate) anchors: HashSet<String>,
    /// Text between backticks.
    pub(crate) code: Vec<String>,
    /// Fenced blocks: their language, and their text.
    pub(crate) blocks: Vec<(String, String)>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All pages that are the repository's own words.
pub(crate) fn pages() -> Vec<Page> {
    let pages: Vec<Page> = files("md").into_iter().map(Page::read).collect();
    assert!(pages.iter().any(|page| page.path == Path::new("README.md")), "the walk begins at the root");
    pages
}

/// The files with that extension, by their path from the root; not what was built, nor what is filled in later.
pub(crate) fn files(extension: &str) -> Vec<PathBuf> {
    let (root, mut found) = (root(), Vec::new());
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let skipped = name.starts_with('.') || ["target", "templates", "node_modules"].contains(&name.as_str());
                if !skipped {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(&root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

impl Page {
    pub(crate) fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let mut page = Self {
            path,
            links: Vec::new(),
            undefined: Vec::new(),
            anchors: HashSet::new(),
            code: Vec::new(),
            blocks: Vec::new(),
        };
        let mut undefined = Vec::new();
        let note = |link: BrokenLink<'_>| -> Option<(CowStr<'_>, CowStr<'_>)> {
            // `[words]` alone is how anybody may write brackets.
            if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
                undefined.push(link.reference.to_string());
            }
            None
        };
        let (mut heading, mut block) = (None::<String>, None::<(String, String)>);
        let mut repeated: HashMap<String, usize> = HashMap::new();
        for event in Parser::new_with_broken_link_callback(&text, Options::ENABLE_TABLES, Some(note)) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap());
                    let times = repeated.entry(slug.clone()).or_default();
                    page.anchors.insert(if *times == 0 { slug } else { format!("{slug}-{times}") });
                    *times += 1;
                }
                Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Fenced(language))) => {
                    block = Some((language.into_string(), String::new()));
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Text(text) | Event::Code(text) if heading.is_some() => heading.as_mut().unwrap().push_str(&text),
                Event::Text(text) if block.is_some() => block.as_mut().unwrap().1.push_str(&text),
                Event::Code(text) => page.code.push(text.into_string()),
                _ => {}
            }
        }
        page.undefined = undefined;
        page
    }
}

/// What a heading is called in a link, by the rule that GitHub and mdBook share.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}
