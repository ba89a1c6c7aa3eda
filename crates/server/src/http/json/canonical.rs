//! What tells one JSON value from another: not the order of its fields, nor white space, nor how a text or a
//! whole number is written.

use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::{DEPTH_LIMIT, is_deeper, reader::text_of, scan::Scanner, without_mark};

/// Two of them take no more memory than a field is counted with.
type Hash = [u8; 16];

/// The hash of a JSON text as a value; of what is no JSON, that of its bytes.
pub(crate) fn hash(bytes: &[u8]) -> Vec<u8> {
    let bytes = without_mark(bytes);
    if is_deeper(bytes, DEPTH_LIMIT) || serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
        return Sha256::digest(bytes).to_vec();
    }
    value(&mut Scanner::new(bytes)).to_vec()
}

fn value(scanner: &mut Scanner<'_>) -> Hash {
    match scanner.peek() {
        b'{' => object(scanner),
        b'[' => array(scanner),
        b'"' => string(scanner.value()),
        _ => scalar(scanner.value()),
    }
}

fn object(scanner: &mut Scanner<'_>) -> Hash {
    scanner.pass();
    let mut fields = Vec::new();
    while !scanner.pass_if(b'}') {
        let key = string(scanner.value());
        scanner.pass_if(b':');
        fields.push((key, value(scanner)));
        scanner.pass_if(b',');
    }
    // One that stands there twice keeps its order.
    fields.sort_by_key(|(key, _)| *key);
    let mut hash = Sha256::new_with_prefix("{");
    for (key, value) in fields {
        hash.update(key);
        hash.update(value);
    }
    short(&hash.finalize())
}

fn array(scanner: &mut Scanner<'_>) -> Hash {
    scanner.pass();
    let mut hash = Sha256::new_with_prefix("[");
    while !scanner.pass_if(b']') {
        hash.update(value(scanner));
        scanner.pass_if(b',');
    }
    short(&hash.finalize())
}

fn string(token: &[u8]) -> Hash {
    let mut hash = Sha256::new_with_prefix("\"");
    match text_of(token) {
        Ok(text) => hash.update(text.as_bytes()),
        Err(_) => hash.update(token),
    }
    short(&hash.finalize())
}

fn scalar(token: &[u8]) -> Hash {
    let text = str::from_utf8(token).unwrap_or_default();
    let whole = text.split_once('.');
    let whole = whole.filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    let text = whole.map_or(text, |(whole, _)| whole);
    short(&Sha256::new_with_prefix("=").chain_update(text).finalize())
}

fn short(hash: &[u8]) -> Hash {
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn the_same_value_has_the_same_hash_however_it_is_written() {
        let one = hash(br#"{"a": 1, "b": [true, null, "x/y"], "c": {"d": 2.5, "e": {}}}"#);
        for same in [
            &br#"{"c":{"e":{},"d":2.5},"b":[true,null,"x\/y"],"a":1}"#[..],
            b"\xef\xbb\xbf{\"b\":[true,null,\"\\u0078/y\"],\r\n\"a\":1.0,\"c\":{\"d\":2.5,\"e\":{ }}}\n",
        ] {
            assert_eq!(hash(same), one, "{}", String::from_utf8_lossy(same));
        }
        for other in [
            &br#"{"a": 1, "b": [null, true, "x/y"], "c": {"d": 2.5, "e": {}}}"#[..],
            br#"{"a": "1", "b": [true, null, "x/y"], "c": {"d": 2.5, "e": {}}}"#,
            br#"{"a": 1, "b": [true, null, "x/y"], "c": {"d": 2.5, "e": []}}"#,
            br#"{"a": 1, "b": [true, null, "x/y"], "c": {"d": 2.5}, "e": {}}"#,
            br#"{"a": 1, "b": [true, null, "x/y"]}"#,
            b"{",
        ] {
            assert_ne!(hash(other), one, "{}", String::from_utf8_lossy(other));
        }
        // Numbers of more than 64 bits differ in each digit.
        assert_ne!(
            hash(b"123456789012345678901"),
            hash(b"123456789012345678902")
        );
        assert_ne!(
            hash(b"0.12345678901234567891"),
            hash(b"0.12345678901234567892")
        );
        assert_ne!(hash(b"[[1],2]"), hash(b"[1,[2]]"));
    }
}
