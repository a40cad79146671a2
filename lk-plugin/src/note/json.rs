//! JSON at compile time: written twice by the same function, once to count its bytes and once into an array of that length.

/// Counts what is written, and keeps it when `N` is not zero.
pub(super) struct Writer<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Writer<N> {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    pub(super) const fn length(&self) -> usize {
        self.length
    }

    pub(super) const fn into_bytes(self) -> [u8; N] {
        self.bytes
    }

    /// Writes JSON as it is.
    pub(super) const fn raw(&mut self, json: &[u8]) {
        if N != 0 {
            let (_, rest) = self.bytes.split_at_mut(self.length);
            let (place, _) = rest.split_at_mut(json.len());
            place.copy_from_slice(json);
        }
        self.length += json.len();
    }

    /// Writes a string: in quotes, and escaped.
    pub(super) const fn text(&mut self, text: &str) {
        self.raw(b"\"");
        if is_plain(text.as_bytes()) {
            self.raw(text.as_bytes());
        } else {
            self.escaped(text.as_bytes());
        }
        self.raw(b"\"");
    }

    const fn escaped(&mut self, text: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut index = 0;
        while index < text.len() {
            match text[index] {
                byte @ (b'"' | b'\\') => self.raw(&[b'\\', byte]),
                b'\n' => self.raw(b"\\n"),
                byte @ ..0x20 => {
                    self.raw(&[b'\\', b'u', b'0', b'0', DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]);
                }
                byte => self.raw(&[byte]),
            }
            index += 1;
        }
    }

    pub(super) const fn integer(&mut self, number: i128) {
        if number < 0 {
            self.raw(b"-");
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
        self.raw(digits);
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
        self.raw(b",\"");
        self.raw(name.as_bytes());
        self.raw(b"\":");
    }
}

/// Whether the text stands in JSON as it is. Eight bytes at a time: the compiler interprets this, for every plugin.
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
    let (place, _) = last.split_at_mut(rest.len());
    place.copy_from_slice(rest);
    !has_special(u64::from_le_bytes(last))
}

/// Whether one of the eight bytes is a quote, a backslash or a control character. (May also say so of eight that have
/// none, which costs time alone.)
const fn has_special(eight: u64) -> bool {
    let quote = eight ^ (ONES * b'"' as u64);
    let backslash = eight ^ (ONES * b'\\' as u64);
    (below(quote, 1) | below(backslash, 1) | below(eight, 0x20)) != 0
}

const ONES: u64 = u64::from_le_bytes([1; 8]);

/// The top bits of those of the eight bytes that are below the limit.
const fn below(eight: u64, limit: u64) -> u64 {
    eight.wrapping_sub(ONES * limit) & !eight & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut counted = Writer::<0>::new();
        counted.text(text);
        let mut written = Writer::<4096>::new();
        written.text(text);
        assert_eq!(written.length(), counted.length());
        String::from_utf8_lossy(&written.bytes[..written.length]).into_owned()
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
            let mut written = Writer::<64>::new();
            written.integer(number);
            assert_eq!(written.bytes[..written.length], *number.to_string().as_bytes());
        }
    }
}
