//! A PNG read row by row, so that two large ones can be compared without room for both.

use std::io::Cursor;

use png::{ColorType, Decoder, Limits, Reader, Transformations};

use super::{CompareError, PictureName, PictureSize};

/// So many pixels a picture has at most.
const MOST_PIXELS: u64 = 64_000_000;
/// What the decoder may take for itself, besides a row.
const DECODER_BYTES: usize = 16 << 20;

/// Red, green, blue, and how opaque it is.
pub(super) type Pixel = [u8; 4];

/// The rows of one picture, from top to bottom.
pub(super) struct PictureRows<'a> {
    name: PictureName,
    pub(super) size: PictureSize,
    reader: Reader<Cursor<&'a [u8]>>,
    channels: ColorType,
    /// All of a picture that is interlaced: its rows do not come in order.
    whole: Option<Vec<u8>>,
    /// How many rows were read.
    read: usize,
}

impl<'a> PictureRows<'a> {
    pub(super) fn open(name: PictureName, png: &'a [u8]) -> Result<Self, CompareError> {
        let unreadable = |error: png::DecodingError| name.unreadable(&error);
        let limits = Limits {
            bytes: DECODER_BYTES,
        };
        let mut decoder = Decoder::new_with_limits(Cursor::new(png), limits);
        decoder.set_transformations(Transformations::normalize_to_color8());
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        let header = decoder.read_header_info().map_err(unreadable)?;
        let size = PictureSize {
            width: header.width,
            height: header.height,
        };
        let interlaced = header.interlaced;
        size.check(name)?;
        let mut reader = decoder.read_info().map_err(unreadable)?;
        let (channels, _) = reader.output_color_type();
        let whole = match interlaced {
            true => {
                let length = reader.output_buffer_size();
                let mut pixels = vec![0; length.ok_or_else(|| name.too_large(size))?];
                reader.next_frame(&mut pixels).map_err(unreadable)?;
                Some(pixels)
            }
            false => None,
        };
        Ok(Self {
            name,
            size,
            reader,
            channels,
            whole,
            read: 0,
        })
    }

    /// Reads the next row in place of what is in `row`. Below the picture there is none.
    pub(super) fn next(&mut self, row: &mut Vec<Pixel>) -> Result<(), CompareError> {
        row.clear();
        if self.read >= self.size.height as usize {
            return Ok(());
        }
        let read = self.read;
        self.read += 1;
        if let Some(whole) = &self.whole {
            let length = self.size.width as usize * self.channels.samples();
            let bytes = whole.chunks_exact(length).nth(read).unwrap_or_default();
            row.extend(pixels(bytes, self.channels));
        } else {
            let name = self.name;
            let next = self.reader.next_row();
            let next = next.map_err(|error| name.unreadable(&error))?;
            let bytes = next.as_ref().map_or(&[][..], |next| next.data());
            row.extend(pixels(bytes, self.channels));
        }
        match row.len() == self.size.width as usize {
            true => Ok(()),
            false => Err(CompareError::Unreadable {
                picture: self.name,
                reason: format!("row {read} is missing"),
            }),
        }
    }

    /// Sees that the picture does not end too early, after the last row was read.
    pub(super) fn finish(mut self) -> Result<(), CompareError> {
        let name = self.name;
        let finished = self.reader.finish();
        finished.map_err(|error| name.unreadable(&error))
    }
}

impl PictureSize {
    /// How many pixels it has.
    pub(super) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    pub(super) fn check(self, name: PictureName) -> Result<(), CompareError> {
        match self.pixels() > MOST_PIXELS {
            true => Err(name.too_large(self)),
            false => Ok(()),
        }
    }
}

fn pixels(bytes: &[u8], channels: ColorType) -> impl Iterator<Item = Pixel> {
    bytes
        .chunks_exact(channels.samples())
        .map(|samples| match *samples {
            // What cannot be seen has no colour.
            [_, 0] | [_, _, _, 0] => [0; 4],
            [grey] => [grey, grey, grey, 255],
            [grey, alpha] => [grey, grey, grey, alpha],
            [red, green, blue] => [red, green, blue, 255],
            [red, green, blue, alpha, ..] => [red, green, blue, alpha],
            [] => [0; 4],
        })
}
