//! The speech of one plugin, brought to the rate of another.

use crate::audio::{AudioFrame, Resampler};
use crate::error::Result;
use crate::kinds::SynthesizedAudio;

/// Converts the frames of one segment after the other; each frame stays where it is, with its text.
pub(super) struct RateConverter {
    from: u32,
    to: u32,
    channels: u16,
    // One a channel; none when the rates are equal.
    resamplers: Vec<Resampler>,
    // Scratch, reused.
    channel: Vec<f32>,
    converted: Vec<Vec<f32>>,
    // What was told by frames that gave no sample of their own yet.
    waiting: Option<SynthesizedAudio>,
}

impl RateConverter {
    pub(super) fn new(from: u32, to: u32, channels: u16) -> Result<Self> {
        let needed = if from == to { 0 } else { channels };
        let resamplers = (0..needed).map(|_| Resampler::new(from, to)).collect::<Result<Vec<_>>>()?;
        let converted = vec![Vec::new(); usize::from(needed)];
        Ok(Self { from, to, channels, resamplers, channel: Vec::new(), converted, waiting: None })
    }

    /// The same piece at the other rate; `None` when there is no sample of it yet. A final piece brings all that was held
    /// back.
    ///
    /// # Errors
    ///
    /// When the piece has another format than the plugin said.
    pub(super) fn convert(&mut self, mut piece: SynthesizedAudio) -> Result<Option<SynthesizedAudio>> {
        let format = (piece.frame.sample_rate(), piece.frame.channels());
        if format != (self.from, self.channels) {
            let changed = crate::audio::format_changed((self.from, self.channels), format);
            return Err(crate::Error::new(
                crate::ErrorKind::Plugin,
                "the speech has another format than the plugin said",
            )
            .with_source(changed));
        }
        if self.resamplers.is_empty() {
            return Ok(Some(piece));
        }
        let samples = self.resample(piece.frame.samples(), piece.is_final)?;
        if let Some(earlier) = self.waiting.take() {
            piece.delta_text.insert_str(0, &earlier.delta_text);
            piece.timed_transcripts.splice(0..0, earlier.timed_transcripts);
        }
        piece.frame = AudioFrame::new(samples, self.to, self.channels)?;
        if piece.frame.samples().is_empty() && !piece.is_final {
            self.waiting = Some(piece);
            return Ok(None);
        }
        Ok(Some(piece))
    }

    fn resample(&mut self, samples: &[i16], is_final: bool) -> Result<Vec<i16>> {
        let channels = usize::from(self.channels);
        for (index, (resampler, converted)) in self.resamplers.iter_mut().zip(&mut self.converted).enumerate() {
            self.channel.clear();
            self.channel.extend(samples.iter().skip(index).step_by(channels).map(|&sample| f32::from(sample)));
            converted.clear();
            resampler.push(&self.channel, converted)?;
            if is_final {
                resampler.finish(converted)?;
            }
        }
        let length = self.converted.iter().map(Vec::len).min().unwrap_or_default();
        // The cast clips: a filter overshoots where the input was at its loudest.
        let interleaved =
            (0..length).flat_map(|at| self.converted.iter().map(move |channel| channel[at].round() as i16));
        Ok(interleaved.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_channels_keep_their_sound_and_nothing_is_lost() -> Result<()> {
        let mut converter = RateConverter::new(16_000, 24_000, 2)?;
        let mut samples = Vec::new();
        for number in 0..50 {
            // Left is 1,000, right is -1,000.
            let frame = AudioFrame::new([1_000, -1_000].repeat(160), 16_000, 2)?;
            let piece = SynthesizedAudio::new(frame, "r").with_delta_text("x").with_final(number == 49);
            if let Some(piece) = converter.convert(piece)? {
                assert_eq!((piece.frame.sample_rate(), piece.frame.channels()), (24_000, 2));
                samples.extend_from_slice(piece.frame.samples());
            }
        }
        assert_eq!(samples.len(), 50 * 240 * 2);
        let middle = &samples[4_000..8_000];
        assert!(middle.chunks(2).all(|pair| (pair[0] - 1_000).abs() < 5 && (pair[1] + 1_000).abs() < 5), "{middle:?}");
        let wrong = SynthesizedAudio::new(AudioFrame::new(vec![0; 160], 16_000, 1)?, "r");
        assert!(converter.convert(wrong).is_err());
        Ok(())
    }
}
