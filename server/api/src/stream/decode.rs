//! The body as its client encoded it: gzip, zstd or neither, decoded in bounded memory however much it swells.

use std::io::Write;

use axum::body::BodyDataStream;
use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;
use futures::{Stream, StreamExt};
use portolan_schema::{Code, Error, Result};
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// Compressed bytes that gzip decodes at a time: they become a thousand times as many at most.
const GZIP_STEP: usize = 1 << 10;
/// Decoded bytes that zstd gives at a time.
const ZSTD_STEP: usize = 1 << 17;
/// Largest window of zstd, as a power of two: 8 MiB, what a server has to offer (RFC 9659).
const ZSTD_WINDOW: u32 = 23;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    /// # Errors
    /// `UNSUPPORTED_ENCODING`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(Error::problem(
                Code::UnsupportedEncoding,
                "the Content-Encoding is gzip, zstd or identity",
            )),
        }
    }
}

enum Decoding {
    Identity,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd { decoder: Box<Decoder<'static>>, mid_frame: bool },
}

/// The decoded body.
///
/// # Errors
/// Each item: where the client went away, or sent something else than it said.
pub(crate) fn decoded(
    body: BodyDataStream,
    encoding: Encoding,
) -> Result<impl Stream<Item = Result<Bytes>> + Send> {
    let decoding = match encoding {
        Encoding::Identity => Decoding::Identity,
        Encoding::Gzip => Decoding::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
        Encoding::Zstd => {
            let mut decoder = Decoder::new().map_err(Error::internal)?;
            decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW)).map_err(Error::internal)?;
            Decoding::Zstd { decoder: Box::new(decoder), mid_frame: false }
        }
    };
    let state = Some((body, decoding, Bytes::new()));
    Ok(futures::stream::unfold(state, |state| async move {
        let (mut body, mut decoding, mut input) = state?;
        loop {
            if input.is_empty() {
                match body.next().await {
                    Some(Ok(piece)) => input = piece,
                    Some(Err(error)) => {
                        tracing::debug!(error = %error, "a stream's client went away");
                        let message = "the body ended before its end";
                        return Some((Err(Error::problem(Code::BadRequest, message)), None));
                    }
                    None => return decoding.end().map(|last| (last, None)),
                }
            }
            match decoding.step(&mut input) {
                Ok(output) if output.is_empty() => {}
                Ok(output) => return Some((Ok(output), Some((body, decoding, input)))),
                Err(error) => return Some((Err(error), None)),
            }
        }
    }))
}

impl Decoding {
    /// Decodes some of the input.
    fn step(&mut self, input: &mut Bytes) -> Result<Bytes> {
        match self {
            Self::Identity => Ok(std::mem::take(input)),
            Self::Gzip(decoder) => {
                let piece = input.split_to(input.len().min(GZIP_STEP));
                decoder.write_all(&piece).map_err(|_| malformed("gzip"))?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
            Self::Zstd { decoder, mid_frame } => {
                let mut output = vec![0; ZSTD_STEP];
                let status = decoder.run_on_buffers(input, &mut output).map_err(|_| malformed("zstd"))?;
                input.advance(status.bytes_read);
                output.truncate(status.bytes_written);
                *mid_frame = status.remaining != 0;
                Ok(output.into())
            }
        }
    }

    /// What is left at the end of the body.
    fn end(&mut self) -> Option<Result<Bytes>> {
        match self {
            Self::Identity => None,
            Self::Gzip(decoder) => match decoder.try_finish() {
                Ok(()) => {
                    let output = std::mem::take(decoder.get_mut());
                    (!output.is_empty()).then(|| Ok(output.into()))
                }
                Err(_) => Some(Err(malformed("gzip"))),
            },
            Self::Zstd { mid_frame, .. } => mid_frame.then(|| Err(malformed("zstd"))),
        }
    }
}

fn malformed(encoding: &str) -> Error {
    Error::problem(Code::BadRequest, format!("the body is not whole or not {encoding}"))
}
