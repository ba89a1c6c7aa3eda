//! Pictures that are made here, compared.

use std::{io::Write, time::Instant};

use flate2::write::ZlibEncoder;
use png::{BitDepth, ColorType, Decoder, Encoder};

use super::*;

const WHITE: Pixel = [255, 255, 255, 255];
const BLUE: Pixel = [0, 0, 255, 255];

fn encode(width: u32, height: u32, color: ColorType, bytes: &[u8]) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = Encoder::new(&mut png, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
    writer.finish().unwrap();
    png
}

/// A picture whose pixels a function gives.
fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Pixel) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes: Vec<u8> = places.flat_map(|(x, y)| pixel(x, y)).collect();
    encode(width, height, ColorType::Rgba, &bytes)
}

/// The pixels of a picture of red, green and blue, and its size.
fn decode(png: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let mut reader = Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.color_type, ColorType::Rgb);
    let pixels = bytes.chunks_exact(3).map(|p| [p[0], p[1], p[2]]);
    (info.width, info.height, pixels.collect())
}

fn compared(baseline: &[u8], actual: &[u8]) -> Comparison {
    compare(baseline, actual, &CompareOptions::default()).unwrap()
}

#[test]
fn equal_pictures_are_equal() {
    let blue = picture(20, 10, |_, _| BLUE);
    let comparison = compared(&blue, &blue);
    assert_eq!(comparison.equal_percent, 100.0);
    assert_eq!(
        (comparison.different_pixels, comparison.compared_pixels),
        (0, 200)
    );
    assert!(comparison.has_same_size());
    let (width, height, pixels) = decode(&comparison.diff_png);
    assert_eq!((width, height), (20, 10));
    // Blue is dark.
    assert!(pixels.iter().all(|pixel| *pixel == [179; 3]), "{pixels:?}");
}

#[test]
fn what_differs_is_counted_and_red() {
    let white = picture(10, 10, |_, _| WHITE);
    let dotted = picture(10, 10, |x, y| if x == 3 && y < 5 { BLUE } else { WHITE });
    let comparison = compared(&white, &dotted);
    assert_eq!(comparison.different_pixels, 5);
    assert_eq!(comparison.equal_percent, 95.0);
    let (_, _, pixels) = decode(&comparison.diff_png);
    for (at, pixel) in pixels.iter().enumerate() {
        let differs = at % 10 == 3 && at < 50;
        let expected = if differs { [255, 0, 0] } else { [255; 3] };
        assert_eq!(*pixel, expected, "{at}");
    }
}

#[test]
fn each_channel_may_differ_by_the_tolerance() {
    let before = picture(2, 1, |_, _| [100, 100, 100, 255]);
    let after = picture(2, 1, |x, _| [100, 95, 105 + u8::try_from(x).unwrap(), 255]);
    let different = |tolerance: u8| {
        let options = CompareOptions {
            tolerance,
            masks: Vec::new(),
        };
        let comparison = compare(&before, &after, &options).unwrap();
        comparison.different_pixels
    };
    assert_eq!([4, 5, 6].map(different), [2, 1, 0]);
}

#[test]
fn masks_are_left_out() {
    let white = picture(10, 10, |_, _| WHITE);
    let half = picture(10, 10, |x, _| if x < 5 { BLUE } else { WHITE });
    let with = |masks: &[PixelArea]| {
        let options = CompareOptions {
            tolerance: 0,
            masks: masks.to_vec(),
        };
        compare(&white, &half, &options).unwrap()
    };
    let area = |x, y, width, height| PixelArea {
        x,
        y,
        width,
        height,
    };
    let comparison = with(&[area(0, 0, 5, 4), area(3, 2, 2, 4)]);
    assert_eq!(comparison.compared_pixels, 76);
    assert_eq!(comparison.different_pixels, 26);
    // One that begins at the end of all numbers, or is larger than the picture.
    assert_eq!(
        with(&[area(u32::MAX, u32::MAX, u32::MAX, 1)]).compared_pixels,
        100
    );
    let nothing = with(&[area(0, 0, u32::MAX, u32::MAX)]);
    assert_eq!((nothing.compared_pixels, nothing.equal_percent), (0, 100.0));
}

#[test]
fn another_size_is_a_difference_with_a_name() {
    let wide = picture(6, 2, |_, _| WHITE);
    let high = picture(2, 4, |_, _| WHITE);
    let comparison = compared(&wide, &high);
    assert!(!comparison.has_same_size());
    let size = |width, height| PictureSize { width, height };
    assert_eq!(
        (comparison.baseline, comparison.actual),
        (size(6, 2), size(2, 4))
    );
    // 4 are in both, 8 in the one and 4 in the other only, and 8 in neither.
    assert_eq!(
        (comparison.compared_pixels, comparison.different_pixels),
        (16, 12)
    );
    assert_eq!(comparison.equal_percent, 25.0);
    let (width, height, pixels) = decode(&comparison.diff_png);
    assert_eq!((width, height), (6, 4));
    let red = pixels.iter().filter(|pixel| **pixel == [255, 0, 0]).count();
    assert_eq!(red, 12);
}

#[test]
fn kinds_of_pixels_do_not_matter() {
    let rgba = picture(4, 2, |x, _| {
        let grey = u8::try_from(x * 60).unwrap();
        [grey, grey, grey, 255]
    });
    let greys: Vec<u8> = [0, 60, 120, 180].repeat(2);
    let doubled = |with: u8| {
        greys
            .iter()
            .flat_map(|grey| [*grey, with])
            .collect::<Vec<_>>()
    };
    let tripled: Vec<u8> = greys.iter().flat_map(|grey| [*grey; 3]).collect();
    for other in [
        encode(4, 2, ColorType::Grayscale, &greys),
        encode(4, 2, ColorType::GrayscaleAlpha, &doubled(255)),
        encode(4, 2, ColorType::Rgb, &tripled),
    ] {
        assert_eq!(compared(&rgba, &other).different_pixels, 0);
    }
    // What cannot be seen has no colour.
    let clear = picture(4, 2, |_, _| [0; 4]);
    let coloured = picture(4, 2, |_, _| [9, 9, 9, 0]);
    assert_eq!(compared(&clear, &coloured).different_pixels, 0);
    assert_eq!(compared(&clear, &rgba).different_pixels, 8);
    let mut palette = Vec::new();
    let mut encoder = Encoder::new(&mut palette, 4, 2);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Two);
    encoder.set_palette([0, 60, 120, 180].map(|grey| [grey; 3]).concat());
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[0b0001_1011; 2]).unwrap();
    writer.finish().unwrap();
    assert_eq!(compared(&rgba, &palette).different_pixels, 0);
}

#[test]
fn what_is_no_whole_png_is_an_error() {
    let noise = |x: u32, y: u32| {
        let mixed = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761);
        [mixed.to_le_bytes()[3], mixed.to_le_bytes()[2], 0, 255]
    };
    let good = picture(40, 40, noise);
    for length in (0..good.len()).step_by(7).chain([good.len() - 1]) {
        let error = compare(&good, &good[..length], &CompareOptions::default());
        let error = error.unwrap_err().to_string();
        assert!(
            error.starts_with("the actual picture cannot be read as a PNG: "),
            "{length}: {error}"
        );
    }
    let broken = compare(b"GIF89a", &good, &CompareOptions::default()).unwrap_err();
    assert!(
        broken.to_string().starts_with("the baseline cannot"),
        "{broken}"
    );
    // Bytes that are changed give an error or another picture, and no panic.
    for at in 0..good.len() {
        let mut other = good.clone();
        other[at] ^= 0x55;
        let _ = compare(&good, &other, &CompareOptions::default());
    }
}

/// A header may say anything: no room is taken for what it says.
#[test]
fn sizes_are_bounded() {
    let good = picture(1, 1, |_, _| WHITE);
    for (width, height) in [(0x7fff_ffff, 0x7fff_ffff), (64_000_001, 1), (8001, 8000)] {
        let mut huge = good.clone();
        huge[16..20].copy_from_slice(&u32::to_be_bytes(width));
        huge[20..24].copy_from_slice(&u32::to_be_bytes(height));
        let sum = crc32(&huge[12..29]);
        huge[29..33].copy_from_slice(&sum.to_be_bytes());
        let begun = Instant::now();
        let error = compare(&huge, &good, &CompareOptions::default()).unwrap_err();
        let size = PictureSize { width, height };
        let picture = PictureName::Baseline;
        assert_eq!(error, CompareError::TooLarge { picture, size });
        assert!(begun.elapsed().as_secs() < 1);
    }
    // Each of the two is small, and both together are not.
    let row = picture(70_000, 1, |_, _| WHITE);
    let column = picture(1, 70_000, |_, _| WHITE);
    let error = compare(&row, &column, &CompareOptions::default()).unwrap_err();
    assert!(matches!(error, CompareError::TooLarge { .. }), "{error}");
}

/// A chunk of a PNG.
fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let named = [kind, content].concat();
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], &named, &crc32(&named).to_be_bytes()].concat()
}

#[test]
fn interlaced_pictures_are_read() {
    let plain = picture(2, 1, |x, _| if x == 0 { WHITE } else { BLUE });
    let size = [0, 0, 0, 2, 0, 0, 0, 1];
    let header = [&size[..], &[8, 6, 0, 0, 1]].concat();
    // The first and the sixth pass have one pixel each.
    let passes = [&[0][..], &WHITE, &[0], &BLUE].concat();
    let mut packed = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&passes).unwrap();
    let data = chunk(b"IDAT", &packed.finish().unwrap());
    let begin = [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &header)[..]].concat();
    let interlaced = [&begin[..], &data, &chunk(b"IEND", &[])].concat();
    assert_eq!(compared(&plain, &interlaced).different_pixels, 0);
    let cut = [&begin[..], &data[..data.len() - 20]].concat();
    assert!(compare(&cut, &plain, &CompareOptions::default()).is_err());
}

/// The sum of a chunk of a PNG.
fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            let low = sum & 1;
            sum = (sum >> 1) ^ (0xedb8_8320 * low);
        }
    }
    !sum
}
