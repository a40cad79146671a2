//! Links lead somewhere. Those to other machines are left alone: a test has no network.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::page::{Page, pages, root};

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let anchors: HashMap<&Path, &Page> = pages.iter().map(|page| (page.path.as_path(), page)).collect();
    let (mut wrong, mut followed) = (Vec::new(), 0);
    for page in &pages {
        let shown = page.path.display();
        wrong.extend(page.undefined.iter().map(|label| format!("{shown}: nothing says where `[{label}]` leads")));
        for link in page.links.iter().filter(|link| !leaves_the_machine(link)) {
            followed += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { Some(page.path.clone()) } else { resolve(&page.path, file) };
            let Some(target) = target.filter(|target| root().join(target).exists()) else {
                wrong.push(format!("{shown}: `{link}` leads to no file"));
                continue;
            };
            if !anchor.is_empty() && !anchors.get(target.as_path()).is_some_and(|page| page.anchors.contains(anchor)) {
                wrong.push(format!("{shown}: `{link}` leads to no heading"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(followed > 30, "only {followed} links were found");
}

pub(crate) fn leaves_the_machine(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// The path from the root that a link in this page means; none when it leaves the repository.
pub(crate) fn resolve(page: &Path, link: &str) -> Option<PathBuf> {
    let mut target = page.parent()?.to_owned();
    for component in Path::new(link).components() {
        match component {
            Component::ParentDir => {
                if !target.pop() {
                    return None;
                }
            }
            Component::Normal(name) => target.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(target)
}
