//! Files that somebody calls WAV: the fuzz target `wav`.

use std::io::{self, Cursor, Read};

use lk_plugin::AudioFrameRef;

use super::WavReader;
use crate::error::Error;
use crate::wav_writer::WavWriter;

/// The first byte tells what follows a byte of a seed: `r` a file, `w` a rate (4 bytes) and samples to be written.
///
/// A file says the same however a pipe hands it over; its frames are of one format, of 10 ms, and no more than its bytes
/// can hold. What our own writer wrote comes back.
pub fn wav(data: &[u8]) {
    match data {
        [b'r', seed, file @ ..] => read(file, *seed),
        [b'w', channels, a, b, c, d, samples @ ..] => {
            let samples: Vec<i16> = samples.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
            written(&samples, u32::from_le_bytes([*a, *b, *c, *d]), (*channels).into());
        }
        _ => {}
    }
}

fn read(file: &[u8], seed: u8) {
    let whole = heard(WavReader::new("`a`".to_owned(), Cursor::new(file.to_vec())));
    let pipe = Pipe { file: file.to_vec(), at: 0, longest: 1 + usize::from(seed), step: usize::from(seed) };
    assert_eq!(heard(WavReader::new("`a`".to_owned(), pipe)), whole);
    assert!(whole.0.len() <= file.len());
}

/// The samples, what there is to say about the file, and the error at the end.
fn heard(reader: Result<WavReader, Error>) -> (Vec<i16>, Option<String>, Option<String>) {
    let mut reader = match reader {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), None, Some(told(&error))),
    };
    let (mut samples, mut format, mut last_is_whole) = (Vec::new(), None, true);
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                assert!(last_is_whole, "only the last frame is short");
                let (rate, channels) = (frame.sample_rate(), frame.channels());
                assert_eq!(*format.get_or_insert((rate, channels)), (rate, channels));
                assert!(!frame.samples().is_empty());
                last_is_whole = frame.samples_per_channel() as u32 == rate / 100;
                samples.extend_from_slice(frame.samples());
            }
            Ok(None) => {
                let promised = reader.promised().is_none_or(|promised| reader.position() <= promised);
                assert!(promised, "no more is read than was promised");
                return (samples, reader.warning(), None);
            }
            Err(error) => return (samples, None, Some(told(&error))),
        }
    }
}

fn told(error: &Error) -> String {
    let told = [vec![error.to_string()], error.causes()].concat().join(": ");
    assert!(!told.contains(char::is_control), "{told}");
    told
}

/// Hands over a few bytes at a time.
struct Pipe {
    file: Vec<u8>,
    at: usize,
    longest: usize,
    step: usize,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.step = (self.step * 31 + 7) % 251;
        let rest = &self.file[self.at..];
        let length = (1 + self.step % self.longest).min(rest.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}

fn written(samples: &[i16], rate: u32, channels: u16) {
    let Ok(frame) = AudioFrameRef::new(samples, rate, channels) else { return };
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join("a.wav");
    let wrote = WavWriter::create(&path, rate, channels).and_then(|mut writer| {
        writer.write(frame)?;
        writer.finish()
    });
    assert!(wrote.is_ok(), "{:?}", wrote.err().map(|error| told(&error)));
    let (back, warning, error) = heard(WavReader::open(&path));
    assert_eq!((back.as_slice(), error), (samples, None));
    assert_eq!(warning.is_some(), samples.is_empty());
}
