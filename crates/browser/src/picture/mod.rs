//! Pictures of a page: screenshots, PDF, and a stream of frames; what must not be seen is covered in the page.

mod compare;
mod cover;
mod pdf;
mod screencast;
mod screenshot;

pub use compare::{
    CompareError, CompareOptions, Comparison, PictureName, PictureSize, PixelArea,
    compare as compare_pictures,
};
pub use cover::PictureMask;
pub use pdf::PdfOptions;
pub(crate) use screencast::ScreencastSink;
pub use screencast::{Screencast, ScreencastFrame, ScreencastOptions};
pub use screenshot::{PictureArea, ScreenshotOptions};

/// How a picture is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureFormat {
    /// Exact.
    #[default]
    Png,
    /// Small.
    Jpeg {
        /// From 0 to 100.
        quality: u8,
    },
    /// Smaller. Not for frames.
    Webp {
        /// From 0 to 100.
        quality: u8,
    },
}

impl PictureFormat {
    /// Its name in the protocol.
    fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg { .. } => "jpeg",
            Self::Webp { .. } => "webp",
        }
    }

    fn quality(self) -> Option<u8> {
        match self {
            Self::Png => None,
            Self::Jpeg { quality } | Self::Webp { quality } => Some(quality.min(100)),
        }
    }

    /// What the base64 of every picture of this format begins with.
    pub(crate) fn base64_beginning(self) -> &'static str {
        match self {
            Self::Png => "iVBOR",
            Self::Jpeg { .. } => "/9j/",
            Self::Webp { .. } => "UklGR",
        }
    }

    /// The type of its content.
    #[must_use]
    pub fn mime_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg { .. } => "image/jpeg",
            Self::Webp { .. } => "image/webp",
        }
    }
}
