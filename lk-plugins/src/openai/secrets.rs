//! Keeps what must not be seen out of what a server sends back.

use std::borrow::Cow;

use lk_plugin::{Error, ErrorKind};

/// The texts that no error may show: a server may echo the key that it refuses.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    secrets: Vec<String>,
}

/// Extra headers may be as harmless as `1`, which must not turn every error into stars.
const SHORTEST: usize = 8;

impl Redactor {
    /// A key, however short.
    pub(crate) fn add_key(&mut self, key: &str) {
        if !key.is_empty() {
            self.secrets.push(key.to_owned());
            // The longest first: one secret may begin with another one.
            self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// A value that is a secret if it looks like one.
    pub(crate) fn add(&mut self, value: &str) {
        if value.len() >= SHORTEST {
            self.add_key(value);
        }
    }

    /// The text with stars in place of secrets.
    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut clean = Cow::Borrowed(text);
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = Cow::Owned(clean.replace(secret.as_str(), "***"));
            }
        }
        clean
    }

    /// An error of a library below, as text without secrets: its own type might print them.
    pub(crate) fn cause(&self, error: &dyn std::error::Error) -> Error {
        let mut causes = vec![self.clean(&error.to_string()).into_owned()];
        let mut next = error.source();
        while let Some(cause) = next.filter(|_| causes.len() < 8) {
            let text = self.clean(&cause.to_string()).into_owned();
            // Some libraries repeat the text of their cause as their own.
            if causes.last().is_none_or(|last| !last.contains(&text)) {
                causes.push(text);
            }
            next = cause.source();
        }
        let innermost = causes.pop().unwrap_or_default();
        let innermost = Error::new(ErrorKind::Plugin, innermost);
        causes.into_iter().rev().fold(innermost, |source, text| Error::new(ErrorKind::Plugin, text).with_source(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_become_stars_and_harmless_values_stay() {
        let mut redactor = Redactor::default();
        redactor.add_key("k");
        redactor.add_key("sk-123");
        redactor.add("1");
        redactor.add("long-enough");
        assert_eq!(redactor.clean("sk-123 is not 1 long-enough"), "*** is not 1 ***");
        assert!(matches!(redactor.clean("a b c"), Cow::Borrowed(_)));
    }
}
