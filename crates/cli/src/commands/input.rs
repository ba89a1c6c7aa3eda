//! An input for plugins: a document, or a text.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use serde_json::Value;
use wire::JsonText;

use crate::{args::InputArgs, exit::Failure};

/// The input that was asked for.
pub(super) fn read(input: &InputArgs) -> Result<JsonText, Failure> {
    match (&input.input, &input.text) {
        (Some(file), _) => {
            let (name, bytes) = bytes(file)?;
            // Some editors begin a file with the mark of its byte order.
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            serde_json::from_slice(bytes).map_err(|error| {
                Failure::usage(format!("{name} is not JSON: {error}"))
                    .hint("`--text` takes a text as it is.")
            })
        }
        (None, Some(text)) => self::text(text).map(|text| Value::String(text).into()),
        (None, None) => Err(Failure::usage("give --input FILE or --text TEXT")),
    }
}

/// As it stands there, to the last newline: for some plugins that counts.
fn text(text: &str) -> Result<String, Failure> {
    let file = match text.strip_prefix('@') {
        Some(file) => file,
        None if text == "-" => text,
        None => return Ok(text.to_owned()),
    };
    let (name, bytes) = bytes(Path::new(file))?;
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name} is no text in UTF-8")))
}

/// What a file has, or standard input; and what it is called.
fn bytes(file: &Path) -> Result<(String, Vec<u8>), Failure> {
    let (name, read) = if file == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        ("standard input".to_owned(), read.map(|_| bytes))
    } else {
        (file.display().to_string(), fs::read(file))
    };
    match read {
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => Err(Failure::io(&name, &error)),
    }
}
