//! Language tags as providers spell them, brought to one spelling.

use std::fmt;

use isolang::Language;

/// A language, spelled as BCP 47 wants it: `en`, `en-US`, `zh-Hant-TW`.
///
/// Providers answer `english`, `eng`, `EN_us`: all are brought to the short code with the usual case. What is neither
/// a name nor a code of ISO 639 is kept in lower case (`multi`, `auto`), because providers have words of their own.
///
/// ```
/// use lk_plugin::LanguageCode;
///
/// assert_eq!(LanguageCode::new("english").as_str(), "en");
/// assert_eq!(LanguageCode::new("en_us").as_str(), "en-US");
/// assert_eq!(LanguageCode::new("multi").as_str(), "multi");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LanguageCode(String);

impl LanguageCode {
    /// Brings a provider's spelling to the usual one. Empty text stays empty: the language is unknown.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let lower = text.trim().to_lowercase();
        let mut parts = lower.split(['-', '_']);
        let first = parts.next().unwrap_or_default();
        let language = Language::from_639_1(first)
            .or_else(|| Language::from_639_3(first))
            .or_else(|| Language::from_name_lowercase(first));
        let mut code = match language {
            Some(language) => language.to_639_1().unwrap_or_else(|| language.to_639_3()).to_owned(),
            None => first.to_owned(),
        };
        for part in parts.filter(|part| !part.is_empty()) {
            code.push('-');
            match part.len() {
                // BCP 47: regions in capitals, scripts with one capital, the rest in lower case.
                2 => code.push_str(&part.to_uppercase()),
                4 if part.chars().all(|letter| letter.is_ascii_alphabetic()) => {
                    code.push_str(&part[..1].to_uppercase());
                    code.push_str(&part[1..]);
                }
                _ => code.push_str(part),
            }
        }
        Self(code)
    }

    /// The tag: `en-US`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language without region or script: `en`.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for LanguageCode {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        for (given, wanted) in [
            ("en", "en"),
            ("eng", "en"),
            ("English", "en"),
            ("EN_us", "en-US"),
            ("zh_hant_tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("multi", "multi"),
            ("haw", "haw"),
            ("", ""),
            (" fr ", "fr"),
            ("日本", "日本"),
            ("xx-日本", "xx-日本"),
        ] {
            assert_eq!(LanguageCode::new(given).as_str(), wanted, "{given}");
        }
        assert_eq!(LanguageCode::new("pt-br").base(), "pt");
    }
}
