//! JSON that is written when the macros run: what stands in a literal, no constant has to put together, which the compiler
//! would have to interpret.

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            letter if u32::from(letter) < 0x20 => json.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
}

/// A JSON list of what is JSON already.
pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// The members of a JSON object, with commas between them.
#[derive(Default)]
pub(crate) struct Members(String);

impl Members {
    /// Adds a member that is JSON already.
    pub(crate) fn add(&mut self, name: &str, json: impl AsRef<str>) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&format!("{}:{}", quoted(name), json.as_ref()));
    }

    /// Adds a text; nothing when there is none.
    pub(crate) fn add_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.add(name, quoted(text));
        }
    }

    /// The object.
    pub(crate) fn into_object(self) -> String {
        format!("{{{}}}", self.0)
    }

    /// The members, without braces.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}
