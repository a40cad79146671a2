//! What the environment says of the terminal: whether it shows more than ASCII, and whether colours are wanted.

use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;

/// When to print in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// As NO_COLOR and CLICOLOR_FORCE say, else on a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What was chosen last.
static COLOR: Mutex<Color> = Mutex::new(Color::Auto);

/// What the user chose with `--color`, as other programs call it; `None` when the environment decides.
pub(crate) fn chosen_color() -> Option<&'static str> {
    match *COLOR.lock().unwrap_or_else(PoisonError::into_inner) {
        Color::Auto => None,
        Color::Always => Some("always"),
        Color::Never => Some("never"),
    }
}

/// Makes it so for everything that is printed from now on.
pub(crate) fn set_color(color: Color) {
    *COLOR.lock().unwrap_or_else(PoisonError::into_inner) = color;
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let wanted = match color {
        Color::Always => true,
        Color::Never => false,
        // As no-color.org has it: whatever the value is.
        Color::Auto if is_set("NO_COLOR") => false,
        Color::Auto
            if is_set("CLICOLOR_FORCE") && std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0") =>
        {
            true
        }
        Color::Auto => return,
    };
    console::set_colors_enabled(wanted);
    console::set_colors_enabled_stderr(wanted);
}

/// Whether characters beyond ASCII can be read where the output goes, as far as the locale says.
pub(crate) fn is_unicode() -> bool {
    cfg!(windows) || says_unicode(locale().as_deref())
}

/// What stands for words that are left out.
pub(crate) fn ellipsis() -> &'static str {
    if is_unicode() { "…" } else { "..." }
}

/// The locale of characters, by the rules of POSIX; `None` when there is none.
pub(crate) fn locale() -> Option<String> {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    set.map(|value| value.to_string_lossy().into_owned())
}

/// Without a locale it is taken for one, as in most containers: only who sets another one gets ASCII.
fn says_unicode(locale: Option<&str>) -> bool {
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_without_utf_8_is_ascii() {
        for locale in ["C", "POSIX", "de_DE.ISO-8859-1", "en_US"] {
            assert!(!says_unicode(Some(locale)), "{locale}");
        }
        assert!(["C.UTF-8", "en_GB.utf8"].into_iter().all(|locale| says_unicode(Some(locale))));
        assert!(says_unicode(None));
    }
}
