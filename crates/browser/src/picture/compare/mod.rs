//! Compares two pictures pixel by pixel.

mod rows;

use std::fmt;

use png::{BitDepth, ColorType, Compression, DecodingError, Encoder, EncodingError};

use rows::{PictureRows, Pixel};

/// How two pictures are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompareOptions {
    /// By so much each of red, green, blue and opacity may differ, of 255.
    pub tolerance: u8,
    /// What is not compared.
    pub masks: Vec<PixelArea>,
}

/// A rectangle of a picture in its own pixels. What of it is outside of the picture does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PixelArea {
    /// The left column.
    pub x: u32,
    /// The upper row.
    pub y: u32,
    /// How many columns.
    pub width: u32,
    /// How many rows.
    pub height: u32,
}

/// The size of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSize {
    /// How many columns.
    pub width: u32,
    /// How many rows.
    pub height: u32,
}

/// How two pictures differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The share of the compared pixels that are equal, in per cent: below 100 if one differs. It is 100 when
    /// nothing is compared.
    pub equal_percent: f64,
    /// How many pixels differ. What only one of the pictures has does.
    pub different_pixels: u64,
    /// How many were compared: all that one of the pictures has, without the masks.
    pub compared_pixels: u64,
    /// The size of the baseline.
    pub baseline: PictureSize,
    /// The size of the picture that was compared with it.
    pub actual: PictureSize,
    /// A PNG of the baseline in faded grey, with the pixels that differ in red. It is as wide as the wider
    /// picture and as high as the higher one.
    pub diff_png: Vec<u8>,
}

/// One of the two pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureName {
    /// What is expected.
    Baseline,
    /// What is compared with it.
    Actual,
}

/// Why two pictures cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// It is not a PNG, or not a whole one.
    #[error("{picture} cannot be read as a PNG: {reason}")]
    Unreadable {
        /// Which of the two.
        picture: PictureName,
        /// What the decoder says.
        reason: String,
    },
    /// It, or the two laid over each other, has more pixels than are compared.
    #[error("{picture} is too large: {} x {} pixels, and 64 megapixels are compared at most", size.width, size.height)]
    TooLarge {
        /// Which of the two.
        picture: PictureName,
        /// The size.
        size: PictureSize,
    },
    /// The picture of the difference could not be made.
    #[error("the picture of the difference cannot be made: {0}")]
    Diff(String),
}

impl fmt::Display for PictureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => "the baseline",
            Self::Actual => "the actual picture",
        })
    }
}

impl PictureName {
    pub(super) fn unreadable(self, error: &DecodingError) -> CompareError {
        CompareError::Unreadable {
            picture: self,
            reason: error.to_string(),
        }
    }

    pub(super) fn too_large(self, size: PictureSize) -> CompareError {
        CompareError::TooLarge {
            picture: self,
            size,
        }
    }
}

impl From<EncodingError> for CompareError {
    fn from(error: EncodingError) -> Self {
        Self::Diff(error.to_string())
    }
}

impl Comparison {
    /// True when both pictures have the same width and the same height.
    #[must_use]
    pub fn has_same_size(&self) -> bool {
        self.baseline == self.actual
    }
}

/// Compares two PNGs, which may have any sizes and any kinds of pixels. It takes time in proportion to the
/// pixels: call it where a thread may be busy.
///
/// # Errors
/// One of them is not a whole PNG, or has more than 64 megapixels; so do the two laid over each other.
pub fn compare(
    baseline: &[u8],
    actual: &[u8],
    options: &CompareOptions,
) -> Result<Comparison, CompareError> {
    let mut baseline = PictureRows::open(PictureName::Baseline, baseline)?;
    let mut actual = PictureRows::open(PictureName::Actual, actual)?;
    let both = PictureSize {
        width: baseline.size.width.max(actual.size.width),
        height: baseline.size.height.max(actual.size.height),
    };
    both.check(PictureName::Actual)?;
    let mut diff_png = Vec::new();
    let mut encoder = Encoder::new(&mut diff_png, both.width, both.height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut header = encoder.write_header()?;
    let mut written = header.stream_writer()?;
    let mut counts = PixelCounts::default();
    let (mut expected, mut found, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
    for y in 0..both.height {
        baseline.next(&mut expected)?;
        actual.next(&mut found)?;
        drawn.clear();
        let masks = options.masks.iter().filter(|mask| mask.has_row(y));
        let masks: Vec<&PixelArea> = masks.collect();
        for x in 0..both.width {
            let pixels = (expected.get(x as usize), found.get(x as usize));
            let masked = masks.iter().any(|mask| mask.has_column(x));
            drawn.extend(counts.take(pixels, masked, options.tolerance));
        }
        std::io::Write::write_all(&mut written, &drawn)
            .map_err(|error| CompareError::Diff(error.to_string()))?;
    }
    written.finish()?;
    header.finish()?;
    let comparison = Comparison {
        equal_percent: counts.equal_percent(),
        different_pixels: counts.different,
        compared_pixels: counts.compared,
        baseline: baseline.size,
        actual: actual.size,
        diff_png,
    };
    baseline.finish()?;
    actual.finish()?;
    Ok(comparison)
}

#[derive(Default)]
struct PixelCounts {
    compared: u64,
    different: u64,
}

impl PixelCounts {
    /// Counts a place; answers with what the picture of the difference shows there.
    fn take(
        &mut self,
        (expected, found): (Option<&Pixel>, Option<&Pixel>),
        masked: bool,
        tolerance: u8,
    ) -> [u8; 3] {
        // Neither has it: one picture is wider, the other one higher.
        if expected.is_none() && found.is_none() {
            return [255; 3];
        }
        let equal = match (expected, found) {
            (Some(expected), Some(found)) => {
                let mut channels = expected.iter().zip(found);
                channels.all(|(expected, found)| expected.abs_diff(*found) <= tolerance)
            }
            _ => false,
        };
        if !masked {
            self.compared += 1;
            self.different += u64::from(!equal);
        }
        match (equal || masked, expected) {
            (true, Some(pixel)) => [faded(*pixel); 3],
            (true, None) => [255; 3],
            (false, _) => [255, 0, 0],
        }
    }

    fn equal_percent(&self) -> f64 {
        if self.compared == 0 {
            return 100.0;
        }
        // A picture has far fewer pixels than a float is exact for.
        (self.compared - self.different) as f64 * 100.0 / self.compared as f64
    }
}

/// A light grey, by how bright the pixel is on white.
fn faded([red, green, blue, alpha]: Pixel) -> u8 {
    let bright = (u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000;
    let alpha = u32::from(alpha);
    let on_white = (bright * alpha + 255 * (255 - alpha)) / 255;
    u8::try_from(170 + on_white / 3).unwrap_or(u8::MAX)
}

impl PixelArea {
    fn has_row(&self, y: u32) -> bool {
        y.checked_sub(self.y)
            .is_some_and(|below| below < self.height)
    }

    fn has_column(&self, x: u32) -> bool {
        x.checked_sub(self.x)
            .is_some_and(|right| right < self.width)
    }
}

#[cfg(test)]
mod tests;
