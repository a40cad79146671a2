//! Audio as the file that a transcription takes.

use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};
use lk_plugin::{AudioFrameRef, Error, ErrorKind, Result};

/// A WAV of 16-bit samples: one channel, since the models mix down anyway and an upload takes time.
///
/// # Errors
///
/// Audio of more than 4 GiB.
pub(super) fn recording(audio: AudioFrameRef<'_>) -> Result<Vec<u8>> {
    let failed = |error: hound::Error| {
        Error::new(ErrorKind::InvalidInput, "the audio does not fit in a WAV; give it in shorter pieces").with_source(error)
    };
    let format =
        WavSpec { channels: 1, sample_rate: audio.sample_rate(), bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Cursor::new(Vec::with_capacity(44 + 2 * audio.samples_per_channel()));
    let mut writer = WavWriter::new(&mut bytes, format).map_err(failed)?;
    for sample in audio.mono() {
        writer.write_sample(sample).map_err(failed)?;
    }
    writer.finalize().map_err(failed)?;
    Ok(bytes.into_inner())
}
