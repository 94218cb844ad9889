use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use url::Url;

/// The header `authorization` for the user that a URL names ([RFC 7617]).
///
/// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617.html
pub(crate) fn basic_credentials(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut user = percent_decoded(url.username());
    user.push(b':');
    user.extend(percent_decoded(url.password().unwrap_or_default()));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(user))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            decoded.push(high * 16 + low);
            rest = &after[2..];
        } else {
            decoded.push(byte);
            rest = after;
        }
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    let digit = char::from(digit).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, user: Option<&str>) {
        let value = basic_credentials(&Url::parse(url).unwrap());
        let found = value.map(|value| {
            assert!(value.is_sensitive());
            let value = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
            String::from_utf8(STANDARD.decode(value).unwrap()).unwrap()
        });
        assert_eq!(found.as_deref(), user, "{url}");
    }

    #[test]
    fn user_and_password_are_what_their_escapes_say() {
        check("http://a/", None);
        check("http://u:p@a/", Some("u:p"));
        check("http://u@a/", Some("u:"));
        check("http://u%40x:p%3A%25@a/", Some("u@x:p:%"));
        check("http://u%4:%zz@a/", Some("u%4:%zz"));
    }
}
