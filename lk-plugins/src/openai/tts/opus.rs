//! Opus packets to samples. Symphonia takes them out of their Ogg pages but has no decoder for them.

use lk_plugin::{Error, ErrorKind, Result};
use opus_pure::{MAX_PACKET_SAMPLES, OpusDecoder};
use symphonia::core::formats::Track;

use super::conform::Conform;

/// The rate in which an Ogg stream of Opus counts its samples, in Hz.
const GRANULE_RATE: u32 = 48_000;

/// The rates that the decoder can put out, in Hz.
const DECODER_RATES: [u32; 5] = [8_000, 12_000, 16_000, 24_000, 48_000];

/// Decodes one stream.
pub(super) struct OpusReader {
    decoder: OpusDecoder,
    sample_rate: u32,
    channels: u16,
    // Samples of one channel that the encoder put before the sound.
    pre_skip: usize,
    samples: Vec<i16>,
}

impl OpusReader {
    /// A decoder for this track, at `wanted` Hz if Opus knows that rate.
    pub(super) fn new(track: &Track, head: &[u8], wanted: u32) -> Result<Self> {
        let sample_rate = if DECODER_RATES.contains(&wanted) { wanted } else { GRANULE_RATE };
        // RFC 7845, section 5.1: channels at 9, gain in 1/256 dB at 16, mapping family at 18.
        let [channels @ 1..=2, _, _, _, _, _, _, gain_low, gain_high, 0] = *head.get(9..19).unwrap_or_default() else {
            return Err(Error::unsupported("the speech is Opus of more than two channels; ask the server for mono"));
        };
        let mut decoder = OpusDecoder::new(sample_rate as i32, usize::from(channels)).map_err(undecodable)?;
        decoder.gain_q8 = i32::from(i16::from_le_bytes([gain_low, gain_high]));
        let pre_skip = u64::from(track.delay.unwrap_or(0)) * u64::from(sample_rate) / u64::from(GRANULE_RATE);
        Ok(Self {
            decoder,
            sample_rate,
            channels: channels.into(),
            pre_skip: pre_skip as usize,
            samples: vec![0; MAX_PACKET_SAMPLES * usize::from(channels)],
        })
    }

    /// Decodes a packet into `voice`, without the `padding` (at 48 kHz) at its end.
    pub(super) fn push(&mut self, packet: &[u8], padding: u64, voice: &mut Conform) -> Result<()> {
        let room = MAX_PACKET_SAMPLES * self.sample_rate as usize / GRANULE_RATE as usize;
        let decoded = self.decoder.decode_s16(packet, room, &mut self.samples).map_err(undecodable)?;
        let padding = usize::try_from(padding * u64::from(self.sample_rate) / u64::from(GRANULE_RATE)).unwrap_or(decoded);
        let skipped = self.pre_skip.min(decoded);
        self.pre_skip -= skipped;
        let end = decoded.saturating_sub(padding).max(skipped);
        let channels = usize::from(self.channels);
        voice.push(&self.samples[skipped * channels..end * channels], self.sample_rate, self.channels)
    }
}

fn undecodable(error: opus_pure::Error) -> Error {
    Error::new(ErrorKind::Api, "the speech is Opus that cannot be decoded").with_source(error)
}
