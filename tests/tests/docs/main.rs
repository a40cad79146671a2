//! What the pages of this repository say of it is so, as far as a program can tell: the manual's commands work, links lead
//! somewhere, named files and tests are there, and the book has every page.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

mod book;
mod links;
mod manual;
mod named;
mod page;
