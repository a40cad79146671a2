//! Language tags as providers spell them, brought to one spelling.

use std::fmt;

/// Of each language the short code of ISO 639, then what else it is called: its codes of three letters and its names in
/// English, also those that Whisper uses. One text, because a table of pointers of this size (as crates have it) costs
/// every program tens of thousands of relocations at its start.
const CODES: &str = include_str!("language/codes.csv");

/// A language, spelled as BCP 47 wants it: `en`, `en-US`, `zh-Hant-TW`.
///
/// Providers answer `english`, `eng`, `EN_us`: all are brought to the short code with the usual case. What is neither
/// the name nor the code of a language that has a short one is kept in lower case (`haw`, `multi`, `auto`), because
/// providers have words of their own.
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
        let lower = text.to_lowercase();
        let mut parts = lower.split(['-', '_']).map(str::trim);
        let first = parts.next().unwrap_or_default();
        let mut code = short(first).to_owned();
        for part in parts.filter(|part| !part.is_empty()) {
            code.push('-');
            let is_ascii = part.chars().all(|letter| letter.is_ascii_alphabetic());
            match part.len() {
                // BCP 47: regions in capitals, scripts with one capital, the rest in lower case.
                2 if is_ascii => code.push_str(&part.to_uppercase()),
                4 if is_ascii => {
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

/// The short code of a language; the text itself where there is none.
fn short(language: &str) -> &str {
    // Short already.
    if language.len() <= 2 {
        return language;
    }
    let known = CODES.lines().find(|line| line.split(',').any(|name| name == language));
    known.and_then(|line| line.split(',').next()).unwrap_or(language)
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
            ("Hawaiian", "haw"),
            ("ger", "de"),
            ("Greek", "el"),
            ("haitian creole", "ht"),
            ("cantonese", "yue"),
            ("", ""),
            (" fr ", "fr"),
            (" pt _ br", "pt-BR"),
            ("日本", "日本"),
            ("xx-日本", "xx-日本"),
            // Its capital has three bytes, and would be written otherwise the next time.
            ("xx-ŉ", "xx-ŉ"),
        ] {
            assert_eq!(LanguageCode::new(given).as_str(), wanted, "{given}");
        }
        assert_eq!(LanguageCode::new("pt-br").base(), "pt");
    }

    #[test]
    fn the_table_has_each_word_once() {
        let mut words: Vec<&str> = CODES.lines().flat_map(|line| line.split(',')).collect();
        assert!(words.iter().all(|word| !word.is_empty() && word.trim() == *word && word.to_lowercase() == **word));
        // `twi` and the like are name and code at once.
        words.sort_unstable();
        let twice: Vec<&str> = words.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        assert_eq!(twice, ["ewe", "ido", "lao", "twi"]);
        assert!(CODES.lines().count() > 180 && CODES.lines().is_sorted());
    }
}
