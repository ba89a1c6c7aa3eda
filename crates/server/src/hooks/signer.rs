//! The secret of a hook and the signature that it makes, as Standard Webhooks has them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
/// What the specification allows, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
const NEW_LENGTH: usize = 32;

/// Signs with a hook's secret. Neither is shown by `Debug`.
pub(crate) struct Signer(Vec<u8>);

impl Signer {
    /// Reads `whsec_` and 24 to 64 bytes in base64.
    ///
    /// # Errors
    /// Says what a secret must look like.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "must be `whsec_` followed by 24 to 64 bytes in base64";
        let encoded = text.strip_prefix(PREFIX).ok_or(WRONG)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| WRONG)?;
        if !LENGTHS.contains(&bytes.len()) {
            return Err(WRONG);
        }
        Ok(Self(bytes))
    }

    /// A new one, as text.
    pub(crate) fn draw() -> String {
        let bytes: [u8; NEW_LENGTH] = rand::random();
        format!("{PREFIX}{}", STANDARD.encode(bytes))
    }

    /// The value of `webhook-signature`.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac = match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mac) => mac,
            Err(error) => unreachable!("HMAC takes keys of any length: {error}"),
        };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::Signer;

    #[test]
    fn signs_as_the_reference_library_does() {
        let secret = Signer::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").expect("a secret");
        let signature = secret.sign(
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
        );
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn takes_what_it_draws_and_nothing_short_or_odd() {
        let (one, other) = (Signer::draw(), Signer::draw());
        assert!(Signer::parse(&one).is_ok());
        assert_ne!(one, other);
        for wrong in [
            "",
            "whsec_",
            "whsec_AAAA",
            "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "whsec_%%%",
        ] {
            assert!(Signer::parse(wrong).is_err(), "{wrong}");
        }
    }
}
