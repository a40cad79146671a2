//! JSON at compile time: written twice by the same function, once to count its bytes and once into an array of that length.
//!
//! The compiler interprets this for every plugin, which costs most where functions are called and generics filled in. So
//! nothing here is generic, and what the macros can write stands in literals already.

/// Counts what is written, and keeps it unless it only counts.
pub(super) struct Writer<'b> {
    bytes: &'b mut [u8],
    length: usize,
    counts: bool,
}

impl<'b> Writer<'b> {
    /// Writes to these bytes, which are enough.
    pub(super) const fn into(bytes: &'b mut [u8]) -> Self {
        Self { bytes, length: 0, counts: false }
    }

    pub(super) const fn counting() -> Self {
        Self { bytes: &mut [], length: 0, counts: true }
    }

    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// Writes JSON as it is.
    pub(super) const fn raw(&mut self, json: &str) {
        if !self.counts {
            let (_, rest) = self.bytes.split_at_mut(self.length);
            let (place, _) = rest.split_at_mut(json.len());
            place.copy_from_slice(json.as_bytes());
        }
        self.length += json.len();
    }

    /// Writes a string: in quotes, and escaped.
    pub(super) const fn text(&mut self, text: &str) {
        self.raw("\"");
        if is_plain(text.as_bytes()) {
            self.raw(text);
        } else {
            self.escaped(text.as_bytes());
        }
        self.raw("\"");
    }

    const fn escaped(&mut self, text: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut index = 0;
        while index < text.len() {
            match text[index] {
                byte @ (b'"' | b'\\') => self.bytes(&[b'\\', byte]),
                byte @ ..0x20 => {
                    self.bytes(&[b'\\', b'u', b'0', b'0', DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]);
                }
                byte => self.bytes(&[byte]),
            }
            index += 1;
        }
    }

    const fn bytes(&mut self, bytes: &[u8]) {
        let mut index = 0;
        while !self.counts && index < bytes.len() {
            self.bytes[self.length + index] = bytes[index];
            index += 1;
        }
        self.length += bytes.len();
    }

    pub(super) const fn integer(&mut self, number: i128) {
        if number < 0 {
            self.raw("-");
        }
        let mut digits = [b'0'; 39];
        let (mut rest, mut start) = (number.unsigned_abs(), digits.len() - 1);
        loop {
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
            start -= 1;
        }
        let (_, digits) = digits.split_at(start);
        self.bytes(digits);
    }

    /// Writes `,"name":` and the text; nothing when there is none.
    pub(super) const fn text_member(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.name(name);
            self.text(text);
        }
    }

    /// Writes `,"name":`. The name needs no escape.
    pub(super) const fn name(&mut self, name: &str) {
        self.raw(",\"");
        self.raw(name);
        self.raw("\":");
    }
}

/// Whether the text stands in JSON as it is. Eight bytes at a time.
const fn is_plain(text: &[u8]) -> bool {
    let (eights, rest) = text.as_chunks::<8>();
    let mut index = 0;
    while index < eights.len() {
        if has_special(u64::from_le_bytes(eights[index])) {
            return false;
        }
        index += 1;
    }
    let mut last = [b' '; 8];
    index = 0;
    while index < rest.len() {
        last[index] = rest[index];
        index += 1;
    }
    !has_special(u64::from_le_bytes(last))
}

/// Whether one of the eight bytes is a quote, a backslash or a control character. (May also say so of eight that have
/// none, which costs time alone.)
const fn has_special(eight: u64) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const SPACES: u64 = ONES * b' ' as u64;
    let quote = eight ^ (ONES * b'"' as u64);
    let backslash = eight ^ (ONES * b'\\' as u64);
    // The top bit of a byte that borrowed: it was below what was taken from it.
    let below = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (eight.wrapping_sub(SPACES) & !eight);
    below & (ONES << 7) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut counted = Writer::counting();
        counted.text(text);
        let mut bytes = [0; 4096];
        let mut written = Writer::into(&mut bytes);
        written.text(text);
        let length = written.length();
        assert_eq!(length, counted.length());
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn texts_read_back_whatever_is_in_them() -> serde_json::Result<()> {
        let all: String = (0..=0x2ff).filter_map(char::from_u32).collect();
        for start in 0..all.chars().count() {
            let part: String = all.chars().skip(start).take(start % 19).collect();
            assert_eq!(serde_json::from_str::<String>(&text(&part))?, part);
        }
        assert_eq!(serde_json::from_str::<String>(&text(&all))?, all);
        assert_eq!(text("plain, and longer than eight"), "\"plain, and longer than eight\"");
        Ok(())
    }

    #[test]
    fn integers_have_all_their_digits() {
        for number in [0, 7, -7, 10, i128::MAX, i128::MIN, u64::MAX.into(), i64::MIN.into()] {
            let mut bytes = [0; 64];
            let mut written = Writer::into(&mut bytes);
            written.integer(number);
            let length = written.length();
            assert_eq!(bytes[..length], *number.to_string().as_bytes());
        }
    }
}
