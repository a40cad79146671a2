//! What a body of audio is: what its `Content-Type` says, what was asked for, and what its first bytes show.

use lk_plugin::ConfigValue;

/// The formats that `/audio/speech` can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
pub enum SpeechFormat {
    /// AAC in ADTS frames (low complexity only: HE-AAC is not decoded).
    Aac,
    /// FLAC: lossless.
    Flac,
    /// MP3.
    Mp3,
    /// Opus in Ogg.
    Opus,
    /// Raw 16-bit samples: the least delay, but nothing in it tells its rate.
    Pcm,
    /// WAV.
    Wav,
}

impl SpeechFormat {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::Flac => "flac",
            Self::Mp3 => "mp3",
            Self::Opus => "opus",
            Self::Pcm => "pcm",
            Self::Wav => "wav",
        }
    }
}

/// How audio is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Adts,
    Flac,
    Mpeg,
    Ogg,
    Pcm(RawPcm),
    Wav,
}

impl Container {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Adts => "AAC",
            Self::Flac => "FLAC",
            Self::Mpeg => "MP3",
            Self::Ogg => "Ogg",
            Self::Pcm(_) => "raw PCM",
            Self::Wav => "WAV",
        }
    }
}

/// What nothing in raw samples tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawPcm {
    pub(super) sample_rate: u32,
    pub(super) channels: u16,
    pub(super) big_endian: bool,
}

/// What an answer says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    /// Server-sent events that carry audio.
    Events,
    Audio(Container),
    /// JSON, a web page, text: no audio.
    Text,
    /// Audio that cannot be decoded here.
    Unsupported,
}

impl Declared {
    /// What `content_type` says; where it says nothing, what was `requested`. Raw samples have `pcm`'s format unless
    /// the parameters tell another.
    pub(super) fn read(content_type: Option<&str>, requested: SpeechFormat, pcm: RawPcm) -> Self {
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        let mut parts = content_type.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        let parameters: Vec<(&str, &str)> = parts
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
            .collect();
        Self::Audio(match essence {
            "text/event-stream" => return Self::Events,
            "application/json" | "application/problem+json" => return Self::Text,
            text if text.starts_with("text/") => return Self::Text,
            "audio/aac" | "audio/aacp" | "audio/x-aac" | "audio/x-hx-aac-adts" => Container::Adts,
            "audio/flac" | "audio/x-flac" => Container::Flac,
            "audio/mpeg" | "audio/mp3" | "audio/x-mp3" | "audio/x-mpeg" | "audio/mpeg3" => Container::Mpeg,
            "audio/ogg" | "application/ogg" | "audio/opus" | "audio/vorbis" => Container::Ogg,
            "audio/pcm" | "audio/pcm16" | "audio/pcm_s16le" | "audio/raw" | "audio/x-raw" | "audio/x-pcm" | "audio/l16" => {
                Container::Pcm(raw(essence, &parameters, pcm))
            }
            "audio/wav" | "audio/wave" | "audio/x-wav" | "audio/vnd.wave" => Container::Wav,
            "audio/mp4" | "audio/m4a" | "audio/x-m4a" | "audio/webm" | "video/webm" | "video/mp4" => {
                return Self::Unsupported;
            }
            // Raw samples of another kind, which nothing in them would betray.
            other if ["pcm", "alaw", "ulaw", "mulaw", "l24", "audio/basic"].iter().any(|word| other.contains(word)) => {
                return Self::Unsupported;
            }
            _ => match requested {
                SpeechFormat::Aac => Container::Adts,
                SpeechFormat::Flac => Container::Flac,
                SpeechFormat::Mp3 => Container::Mpeg,
                SpeechFormat::Opus => Container::Ogg,
                SpeechFormat::Pcm => Container::Pcm(raw(essence, &parameters, pcm)),
                SpeechFormat::Wav => Container::Wav,
            },
        })
    }
}

fn raw(essence: &str, parameters: &[(&str, &str)], pcm: RawPcm) -> RawPcm {
    let parameter = |names: &[&str]| parameters.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value);
    let number = |names| parameter(names).and_then(|value| value.parse::<u32>().ok());
    let sample_rate = number(&["rate", "samplerate", "sample_rate", "sample-rate"]);
    let channels = number(&["channels", "channel"]).and_then(|channels| u16::try_from(channels).ok());
    // RFC 2586 has L16 in network order; those who add `codec=pcm` (as Google does) send the usual order.
    let big_endian = match parameter(&["endian", "endianness", "byte-order"]) {
        Some(order) => order.starts_with("big"),
        None => essence == "audio/l16" && parameter(&["codec"]).is_none(),
    };
    RawPcm { sample_rate: sample_rate.unwrap_or(pcm.sample_rate), channels: channels.unwrap_or(pcm.channels), big_endian }
}

/// What the first bytes of a body show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sniffed {
    /// Too few bytes to say.
    More,
    Audio(Container),
    /// An error message where audio should be.
    Text,
    /// Audio that cannot be decoded here.
    Unsupported,
    /// It is not what it is declared to be, nor anything known.
    Unknown,
}

/// More than any check below looks at.
const SNIFF_BYTES: usize = 4096;

/// What `start`, the first bytes of a body, shows; `whole` when there are no more. Where it shows nothing, `declared`.
pub(super) fn sniff(start: &[u8], whole: bool, declared: Container) -> Sniffed {
    let enough = whole || start.len() >= SNIFF_BYTES;
    if start.len() < 12 && !enough {
        return Sniffed::More;
    }
    match start {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => return Sniffed::Audio(Container::Wav),
        [b'O', b'g', b'g', b'S', ..] => return Sniffed::Audio(Container::Ogg),
        [b'f', b'L', b'a', b'C', ..] => return Sniffed::Audio(Container::Flac),
        [b'I', b'D', b'3', ..] if declared != Container::Adts => return Sniffed::Audio(Container::Mpeg),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] | [0x1A, 0x45, 0xDF, 0xA3, ..] => return Sniffed::Unsupported,
        _ => {}
    }
    match looks_like_text(start) {
        // So few may be samples that happen to be letters.
        Some(_) if start.len() < TEXT_BYTES && !whole => return Sniffed::More,
        Some(true) => return Sniffed::Text,
        _ => {}
    }
    match declared {
        // Raw samples may start with anything, so one frame's header proves nothing: the next must follow it.
        Container::Pcm(_) => match mpeg_frame_length(start) {
            Some(length) if start.len() < length + 4 && !enough => Sniffed::More,
            Some(length) if start.get(length..).is_some_and(|next| continues(start, next)) => {
                Sniffed::Audio(Container::Mpeg)
            }
            _ => Sniffed::Audio(declared),
        },
        _ => match start {
            [0xFF, second, ..] if second & 0xF6 == 0xF0 => Sniffed::Audio(Container::Adts),
            [0xFF, second, ..] if second & 0xE0 == 0xE0 => Sniffed::Audio(Container::Mpeg),
            // The readers of these find their own first frame.
            _ if matches!(declared, Container::Adts | Container::Mpeg) => Sniffed::Audio(declared),
            _ => Sniffed::Unknown,
        },
    }
}

/// Nobody's audio is printable for so long.
const TEXT_BYTES: usize = 64;

/// Whether it is JSON or markup; `None` when it can be neither.
fn looks_like_text(start: &[u8]) -> Option<bool> {
    let start = &start[..start.len().min(TEXT_BYTES)];
    let is_printable = start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[' | b'<') => is_printable.then_some(true),
        None => Some(false),
        Some(_) => None,
    }
}

/// The length in bytes of the MPEG layer III frame that starts here.
fn mpeg_frame_length(start: &[u8]) -> Option<usize> {
    const KILOBITS: [[usize; 14]; 2] = [
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    const RATES: [usize; 3] = [44_100, 48_000, 32_000];
    let [0xFF, second, third, ..] = *start else { return None };
    // Version 1, 2 or 2.5, and layer III.
    let (divisor, table, scale) = match second & 0xFE {
        0xFA => (1, 0, 144_000),
        0xF2 => (2, 1, 72_000),
        0xE2 => (4, 1, 72_000),
        _ => return None,
    };
    let kilobits = *KILOBITS[table].get(usize::from(third >> 4).checked_sub(1)?)?;
    let rate = RATES.get(usize::from(third >> 2 & 3))? / divisor;
    Some(scale * kilobits / rate + usize::from(third >> 1 & 1))
}

/// Whether the frame at `next` is of the same stream as that at `start`.
fn continues(start: &[u8], next: &[u8]) -> bool {
    mpeg_frame_length(next).is_some() && next[1] == start[1] && next[2] & 0x0C == start[2] & 0x0C
}

#[cfg(test)]
mod tests {
    use super::*;

    const PCM: RawPcm = RawPcm { sample_rate: 24_000, channels: 1, big_endian: false };

    fn read(content_type: &str) -> Declared {
        Declared::read(Some(content_type), SpeechFormat::Pcm, PCM)
    }

    #[test]
    fn the_content_type_goes_before_what_was_asked_for() {
        assert_eq!(read("audio/mpeg"), Declared::Audio(Container::Mpeg));
        assert_eq!(read("Audio/OGG; codecs=opus"), Declared::Audio(Container::Ogg));
        assert_eq!(read("text/event-stream; charset=utf-8"), Declared::Events);
        assert_eq!(read("text/html"), Declared::Text);
        assert_eq!(read("audio/webm"), Declared::Unsupported);
        for unknown in [None, Some("application/octet-stream"), Some("audio/x-unheard-of")] {
            let declared = Declared::read(unknown, SpeechFormat::Flac, PCM);
            assert_eq!(declared, Declared::Audio(Container::Flac), "{unknown:?}");
        }
    }

    #[test]
    fn raw_samples_are_what_the_parameters_say() {
        let is = |content_type, sample_rate, channels, big_endian| {
            let raw = RawPcm { sample_rate, channels, big_endian };
            assert_eq!(read(content_type), Declared::Audio(Container::Pcm(raw)), "{content_type}");
        };
        is("audio/pcm", 24_000, 1, false);
        is("audio/pcm;rate=16000;channels=2", 16_000, 2, false);
        is("audio/pcm; sample_rate=\"22050\"", 22_050, 1, false);
        is("audio/L16; rate=8000", 8_000, 1, true);
        is("audio/L16;codec=pcm;rate=24000", 24_000, 1, false);
        is("application/octet-stream; rate=11025", 11_025, 1, false);
        is("audio/pcm;rate=fast", 24_000, 1, false);
        is("audio/pcm_s16le; rate=22050", 22_050, 1, false);
        for other in ["audio/pcm_f32le", "audio/x-mulaw", "audio/PCMU", "audio/basic", "audio/L24"] {
            assert_eq!(read(other), Declared::Unsupported, "{other}");
        }
    }

    #[test]
    fn the_first_bytes_go_before_the_content_type() {
        let shows = |start: &[u8], declared| sniff(start, false, declared);
        assert_eq!(shows(b"RIFF\0\0\0\0WAVEfmt ", Container::Mpeg), Sniffed::Audio(Container::Wav));
        assert_eq!(shows(b"\xFF\xFB\x90\x00\0\0\0\0\0\0\0\0", Container::Wav), Sniffed::Audio(Container::Mpeg));
        assert_eq!(shows(b"\xFF\xF1\x50\x80\0\0\0\0\0\0\0\0", Container::Mpeg), Sniffed::Audio(Container::Adts));
        assert_eq!(shows(b"OggS\0\0\0\0\0\0\0\0", Container::Pcm(PCM)), Sniffed::Audio(Container::Ogg));
        assert_eq!(sniff(b"{\"error\": \"quota\"}", true, Container::Pcm(PCM)), Sniffed::Text);
        assert_eq!(sniff(b"<!doctype html>", true, Container::Mpeg), Sniffed::Text);
        assert_eq!(shows(&[b'['; 64], Container::Pcm(PCM)), Sniffed::Text);
        assert_eq!(shows(b"\0\0\0\x20ftypM4A \0\0\0\0", Container::Adts), Sniffed::Unsupported);
        assert_eq!(shows(b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C", Container::Wav), Sniffed::Unknown);
        assert_eq!(shows(b"RIFF", Container::Wav), Sniffed::More);
    }

    #[test]
    fn what_a_body_is_does_not_depend_on_how_it_is_cut() {
        let declared = Container::Pcm(PCM);
        let samples = [b"  \n{\"error\": ".as_slice(), &[7; 64]].concat();
        let shown = [13, 14, 77].map(|length| sniff(&samples[..length], false, declared));
        assert_eq!(shown, [Sniffed::More, Sniffed::Audio(declared), Sniffed::Audio(declared)]);
        assert_eq!(sniff(&[b' '; 80], false, declared), Sniffed::Audio(declared));
    }

    #[test]
    fn raw_samples_that_look_like_one_mpeg_frame_are_samples() {
        // MPEG 2 layer III, 64 kbit/s at 24 kHz: 192 bytes.
        let frame = |next: [u8; 4]| {
            let mut bytes = vec![0; 192];
            bytes[..3].copy_from_slice(&[0xFF, 0xF3, 0x84]);
            bytes.extend(next);
            bytes
        };
        let declared = Container::Pcm(PCM);
        assert_eq!(mpeg_frame_length(&frame([0; 4])), Some(192));
        assert_eq!(sniff(&frame([0xFF, 0xF3, 0x84, 0]), false, declared), Sniffed::Audio(Container::Mpeg));
        assert_eq!(sniff(&frame([1, 2, 3, 4]), false, declared), Sniffed::Audio(declared));
        assert_eq!(sniff(&frame([0; 4])[..100], false, declared), Sniffed::More);
        assert_eq!(sniff(&frame([0; 4])[..100], true, declared), Sniffed::Audio(declared));
    }
}
