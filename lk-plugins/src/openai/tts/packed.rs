//! Compressed speech: read and decoded on a thread of its own.
//!
//! Symphonia's readers wait for bytes as for a file, and decoding is work for the processor; neither belongs on an
//! executor. So each such body gets a thread, fed and emptied through two short queues. It ends with the body, and within
//! one packet of whoever reads the speech being gone: both of its queues are closed then.

use std::io::{self, Read};
use std::thread;

use bytes::{Buf, Bytes};
use lk_plugin::{Error, ErrorKind, Result};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, ReadOnlySource};
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;
use symphonia::default::codecs::{AacDecoder, FlacDecoder, MpaDecoder, VorbisDecoder};
use symphonia::default::formats::{AdtsReader, FlacReader, MpaReader, OggReader};
use tokio::sync::mpsc;

use super::conform::Conform;
use super::format::Container;
use super::opus::OpusReader;

/// A piece of a body.
pub(super) enum Piece {
    Bytes(Bytes),
    /// The body is whole. A queue that closes without this was cut.
    End,
}

/// What a decoder tells.
pub(super) enum Heard {
    Samples(Vec<i16>),
    /// All of it was decoded.
    End,
    Failed(Error),
}

/// How many packets wait to be played: half a second or so. More would only be memory.
const QUEUE_CAPACITY: usize = 16;

/// Decodes `start` and then `body` into a voice of `sample_rate` Hz.
///
/// # Errors
///
/// When the system gives no thread. What is wrong with the audio comes through the queue.
pub(super) fn decode(
    container: Container,
    start: Bytes,
    body: mpsc::Receiver<Piece>,
    sample_rate: u32,
) -> Result<mpsc::Receiver<Heard>> {
    let (heard, receiver) = mpsc::channel(QUEUE_CAPACITY);
    let source = Source { body, skip: id3_length(&start), current: start, ended: false };
    let decoding = move || {
        let outcome = match Decoding::run(container, source, sample_rate, &heard) {
            Ok(()) => Heard::End,
            Err(error) => Heard::Failed(error),
        };
        // Fails when nobody listens any more, who then needs no outcome.
        let _ = heard.blocking_send(outcome);
    };
    thread::Builder::new()
        .name("lk-openai-audio".to_owned())
        .spawn(decoding)
        .map_err(|error| Error::new(ErrorKind::Io, "no thread to decode the speech on").with_source(error))?;
    Ok(receiver)
}

/// As [`decode`], of a whole body and on this thread.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_here<'p>(
    container: Container,
    pieces: impl Iterator<Item = &'p [u8]>,
    sample_rate: u32,
) -> Result<Vec<i16>> {
    let mut pieces = pieces;
    // As much as `sniff` waits for.
    let mut start = bytes::BytesMut::new();
    while start.len() < 12
        && let Some(piece) = pieces.next()
    {
        start.extend_from_slice(piece);
    }
    let rest: Vec<Bytes> = pieces.map(Bytes::copy_from_slice).collect();
    let (body, receiver) = mpsc::channel(rest.len() + 1);
    for piece in rest.into_iter().map(Piece::Bytes).chain([Piece::End]) {
        let _ = body.try_send(piece);
    }
    // More packets than any body of a test has.
    let (heard, mut samples) = mpsc::channel(1 << 16);
    let start = start.freeze();
    let source = Source { body: receiver, skip: id3_length(&start), current: start, ended: false };
    Decoding::run(container, source, sample_rate, &heard)?;
    let mut all = Vec::new();
    while let Ok(Heard::Samples(samples)) = samples.try_recv() {
        all.extend(samples);
    }
    Ok(all)
}

struct Decoding<'a> {
    container: Container,
    voice: Conform,
    sample_rate: u32,
    heard: &'a mpsc::Sender<Heard>,
}

impl Decoding<'_> {
    fn run(
        container: Container,
        source: Source,
        sample_rate: u32,
        heard: &mpsc::Sender<Heard>,
    ) -> Result<()> {
        let mut decoding = Decoding { container, voice: Conform::new(sample_rate), sample_rate, heard };
        let stream = MediaSourceStream::new(Box::new(ReadOnlySource::new(source)), Default::default());
        let mut reader = open(container, stream).map_err(|error| decoding.broken(error))?;
        while decoding.stream(&mut *reader)? {}
        decoding.voice.finish()?;
        decoding.send();
        Ok(())
    }

    /// Decodes one stream; says whether another follows.
    fn stream(&mut self, reader: &mut dyn FormatReader) -> Result<bool> {
        let track = reader.default_track(TrackType::Audio).cloned();
        let parameters = track.as_ref().and_then(|track| match &track.codec_params {
            Some(CodecParameters::Audio(parameters)) => Some(parameters),
            _ => None,
        });
        let (Some(track), Some(parameters)) = (&track, parameters) else {
            return Err(Error::new(ErrorKind::Api, format!("the speech is {} without audio", self.container.name())));
        };
        let options = AudioDecoderOptions::default();
        let decoder: Result<Box<dyn AudioDecoder>, _> = match self.container {
            Container::Adts => AacDecoder::try_new(parameters, &options).map(|decoder| Box::new(decoder) as _),
            Container::Flac => FlacDecoder::try_new(parameters, &options).map(|decoder| Box::new(decoder) as _),
            Container::Mpeg => MpaDecoder::try_new(parameters, &options).map(|decoder| Box::new(decoder) as _),
            _ if parameters.codec == CODEC_ID_OPUS => {
                let head = parameters.extra_data.as_deref().unwrap_or_default();
                let mut opus = OpusReader::new(track, head, self.sample_rate)?;
                return self.packets(reader, track.id, |packet, voice| {
                    opus.push(&packet.data, packet.trim_end.get(), voice)
                });
            }
            _ => VorbisDecoder::try_new(parameters, &options).map(|decoder| Box::new(decoder) as _),
        };
        let (mut decoder, container) = (decoder.map_err(|error| self.broken(error))?, self.container);
        let (mut samples, mut decoded) = (Vec::new(), 0_u64);
        let another = self.packets(reader, track.id, |mut packet, voice| {
            // What lies wholly behind the length that the header tells is the next sentence: servers join whole MP3s.
            if packet.trim_end >= packet.dur {
                packet.trim_end = Duration::ZERO;
            }
            let audio = decoder.decode_ref(&packet.as_packet_ref()).map_err(|error| broken(container, error))?;
            decoded += audio.frames() as u64;
            let (rate, channels) = (audio.spec().rate(), audio.spec().channels().count());
            audio.copy_to_vec_interleaved(&mut samples);
            voice.push(&samples, rate, u16::try_from(channels).unwrap_or(u16::MAX))
        })?;
        // Ogg and ADTS readers notice a cut; the MP3 reader takes any end for the end.
        if track.num_frames.is_some_and(|promised| decoded < promised) {
            return Err(cut(container));
        }
        Ok(another)
    }

    /// Gives each packet of the track to `decode`; says whether another stream follows.
    fn packets(
        &mut self,
        reader: &mut dyn FormatReader,
        track: u32,
        mut decode: impl FnMut(Packet, &mut Conform) -> Result<()>,
    ) -> Result<bool> {
        loop {
            match reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == track => decode(packet, &mut self.voice)?,
                Ok(Some(_)) => {}
                Ok(None) => return Ok(false),
                Err(SymphoniaError::ResetRequired) => return Ok(true),
                Err(error) => return Err(self.broken(error)),
            }
            if !self.send() {
                return Ok(false);
            }
        }
    }

    /// Sends what is decoded; says whether anybody still listens.
    fn send(&mut self) -> bool {
        let samples = self.voice.take();
        samples.is_empty() || self.heard.blocking_send(Heard::Samples(samples)).is_ok()
    }

    fn broken(&self, error: SymphoniaError) -> Error {
        broken(self.container, error)
    }
}

fn open(container: Container, stream: MediaSourceStream<'static>) -> Result<Box<dyn FormatReader>, SymphoniaError> {
    let options = FormatOptions::default();
    Ok(match container {
        Container::Adts => Box::new(AdtsReader::try_new(stream, options)?),
        Container::Flac => Box::new(FlacReader::try_new(stream, options)?),
        Container::Mpeg => Box::new(MpaReader::try_new(stream, options)?),
        _ => Box::new(OggReader::try_new(stream, options)?),
    })
}

fn broken(container: Container, error: SymphoniaError) -> Error {
    match error {
        SymphoniaError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => cut(container),
        SymphoniaError::Unsupported(_) => Error::unsupported(format!(
            "the speech is {} of a kind that is not decoded here; set `response_format` to `mp3`, `opus`, `wav` or `pcm`",
            container.name()
        ))
        .with_source(error),
        error => Error::new(ErrorKind::Api, format!("the speech is {} that cannot be decoded", container.name()))
            .with_source(error),
    }
}

fn cut(container: Container) -> Error {
    Error::new(ErrorKind::Api, format!("the speech is {} that is cut: its end did not arrive", container.name()))
}

/// How long the tag before an MP3 is. It may hold a picture, in which a reader would find frames that are none.
fn id3_length(start: &[u8]) -> u64 {
    let [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = *start else { return 0 };
    let length = [a, b, c, d].iter().fold(0, |length, seven_bits| length << 7 | u64::from(seven_bits & 0x7F));
    // A footer repeats the header.
    length + if flags & 0x10 == 0 { 10 } else { 20 }
}

/// A body as something to read from; reading waits for what has not come yet.
struct Source {
    body: mpsc::Receiver<Piece>,
    current: Bytes,
    skip: u64,
    ended: bool,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let skipped = self.current.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.current.advance(skipped);
            self.skip -= skipped as u64;
            if !self.current.is_empty() {
                let length = self.current.len().min(buffer.len());
                self.current.copy_to_slice(&mut buffer[..length]);
                return Ok(length);
            }
            if self.ended {
                return Ok(0);
            }
            match self.body.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::End) => self.ended = true,
                // Whoever feeds this tells why.
                None => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
    }
}
