use http::{HeaderMap, StatusCode, header};
use mime::Mime;

use crate::answer::{Refusal, plain, problem};

/// How a body is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum MediaType {
    Form,
    Json,
    NdJson,
}

impl MediaType {
    /// Reads it from the headers of a request.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            let text = "Header of type `content-type` was missing";
            return Err(plain(StatusCode::BAD_REQUEST, text).into());
        };
        let mime = value.to_str().ok().and_then(|it| it.parse::<Mime>().ok());
        let Some(mime) = mime else {
            let text = "invalid HTTP header (content-type)";
            return Err(plain(StatusCode::BAD_REQUEST, text).into());
        };
        match mime.essence_str() {
            "application/x-www-form-urlencoded" => Ok(Self::Form),
            "application/json" => Ok(Self::Json),
            "application/x-ndjson" => Ok(Self::NdJson),
            _ => {
                let text = format!("unsupported media type \"{mime}\"");
                Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, &text).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_decides_how_a_body_is_read() {
        let check = |value: Option<&str>, expected: Result<MediaType, u16>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            }
            let read = MediaType::of(&headers).map_err(|refusal| refusal.status());
            assert_eq!(read, expected, "{value:?}");
        };
        check(Some("application/json; charset=utf-8"), Ok(MediaType::Json));
        check(Some("APPLICATION/JSON"), Ok(MediaType::Json));
        check(
            Some("application/x-www-form-urlencoded"),
            Ok(MediaType::Form),
        );
        check(Some("application/x-ndjson"), Ok(MediaType::NdJson));
        check(Some("application/problem+json"), Err(415));
        check(Some("nonsense"), Err(400));
        check(None, Err(400));
    }
}
