use std::time::{Duration, SystemTime};

use http::{
    HeaderMap, HeaderValue,
    header::{DATE, RETRY_AFTER},
};

/// How long the header `Retry-After` asks to wait: a number of seconds, or a date ([RFC 9110, 10.2.3]).
///
/// A date is compared with that of the response, so that clocks that differ do no harm; without one, with the clock here.
///
/// [RFC 9110, 10.2.3]: https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let then = httpdate::parse_http_date(value).ok()?;
    let now = headers
        .get(DATE)
        .and_then(date)
        .unwrap_or_else(SystemTime::now);
    Some(then.duration_since(now).unwrap_or_default())
}

fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &'static str, date: Option<&'static str>, seconds: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        assert_eq!(
            retry_after(&headers),
            seconds.map(Duration::from_secs),
            "{value:?}"
        );
    }

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        check("0", None, Some(0));
        check("120", None, Some(120));
        check("99999999999999999999999", None, Some(u64::MAX));
        check("Sun, 06 Nov 1994 08:50:07 GMT", date, Some(30));
        check("Sunday, 06-Nov-94 08:50:07 GMT", date, Some(30));
        check("Sun Nov  6 08:50:07 1994", date, Some(30));
        check("Sun, 06 Nov 1994 08:49:00 GMT", date, Some(0));
        check("Sun, 06 Nov 1994 08:50:07 GMT", None, Some(0));
        for nothing in ["", "-1", "+1", "1.5", "1 s", "tomorrow"] {
            check(nothing, date, None);
        }
    }
}
