//! Raw 16-bit samples from bytes that were cut anywhere.

use lk_plugin::{Error, ErrorKind, Result};

use super::conform::Conform;
use super::format::RawPcm;

/// Turns bytes into samples, whatever the pieces.
pub(super) struct RawReader {
    format: RawPcm,
    // An instant (one sample of each channel) that is not whole yet.
    rest: Vec<u8>,
    samples: Vec<i16>,
}

impl RawReader {
    pub(super) fn new(format: RawPcm) -> Self {
        Self { format, rest: Vec::new(), samples: Vec::new() }
    }

    /// Decodes a piece into `voice`.
    pub(super) fn push(&mut self, mut bytes: &[u8], voice: &mut Conform) -> Result<()> {
        let instant = 2 * usize::from(self.format.channels.max(1));
        self.samples.clear();
        if !self.rest.is_empty() {
            let (missing, after) = bytes.split_at(bytes.len().min(instant - self.rest.len()));
            self.rest.extend_from_slice(missing);
            bytes = after;
            if self.rest.len() < instant {
                return Ok(());
            }
            decode(&self.rest, self.format.big_endian, &mut self.samples);
            self.rest.clear();
        }
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % instant);
        decode(whole, self.format.big_endian, &mut self.samples);
        self.rest.extend_from_slice(rest);
        voice.push(&self.samples, self.format.sample_rate, self.format.channels)
    }

    /// Says whether the body ended where it may.
    pub(super) fn finish(&self) -> Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Api, "the speech ends in the middle of a sample: its end did not arrive"))
    }
}

fn decode(bytes: &[u8], big_endian: bool, samples: &mut Vec<i16>) {
    let from_bytes = if big_endian { i16::from_be_bytes } else { i16::from_le_bytes };
    samples.extend(bytes.chunks_exact(2).map(|pair| from_bytes([pair[0], pair[1]])));
}
