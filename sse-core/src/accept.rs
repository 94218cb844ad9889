//! Negotiation of an event stream.

/// Tells whether a request with these `Accept` values takes `text/event-stream`.
///
/// Give it the value of each `Accept` header, in order. Without any, and with none that names a media range, everything is taken.
/// The most specific range decides, as [RFC 9110, section 12.5.1] says: `text/event-stream`, `text/*`, then `*/*`;
/// it refuses only with `q=0`.
///
/// ```
/// use sse_core::accepts_event_stream;
///
/// assert!(accepts_event_stream([]));
/// assert!(accepts_event_stream([&b"text/html, */*;q=0.1"[..]]));
/// assert!(!accepts_event_stream([&b"application/json"[..]]));
/// ```
///
/// [RFC 9110, section 12.5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
pub fn accepts_event_stream<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let mut named = false;
    let mut best = Match {
        specificity: 0,
        taken: false,
    };
    for range in values
        .into_iter()
        .flat_map(|value| split_unquoted(value, b','))
    {
        let mut parts = split_unquoted(range, b';').map(<[u8]>::trim_ascii);
        let media = parts.next().unwrap_or_default();
        if media.is_empty() {
            continue;
        }
        named = true;
        let specificity = specificity(media);
        let taken = !parts.any(is_zero_quality);
        if specificity > best.specificity || specificity == best.specificity && taken {
            best = Match { specificity, taken };
        }
    }
    !named || best.specificity > 0 && best.taken
}

struct Match {
    specificity: u8,
    taken: bool,
}

fn specificity(media: &[u8]) -> u8 {
    const RANGES: [&[u8]; 3] = [b"*/*", b"text/*", b"text/event-stream"];
    (1..)
        .zip(RANGES)
        .find(|(_, range)| media.eq_ignore_ascii_case(range))
        .map_or(0, |(specificity, _)| specificity)
}

/// Tells `q=0`, `q=0.0` and the like from every other parameter.
fn is_zero_quality(parameter: &[u8]) -> bool {
    match parameter {
        [b'q' | b'Q', b'=', quality @ ..] => {
            let quality = quality.trim_ascii();
            quality.first() == Some(&b'0') && quality.iter().all(|byte| matches!(byte, b'0' | b'.'))
        }
        _ => false,
    }
}

/// Splits at `separator` outside quoted strings.
fn split_unquoted(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |&byte| {
        let literal = core::mem::take(&mut escaped);
        match byte {
            b'\\' if quoted && !literal => escaped = true,
            b'"' if !literal => quoted = !quoted,
            _ => return byte == separator && !quoted,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, taken: bool) {
        assert_eq!(accepts_event_stream([accept.as_bytes()]), taken, "{accept}");
    }

    #[test]
    fn the_most_specific_range_decides() {
        check("text/event-stream", true);
        check("Text/Event-Stream; charset=utf-8", true);
        check("*/*", true);
        check("text/*;q=0.1", true);
        check("application/json", false);
        check("text/html, application/xhtml+xml, */*;q=0.8", true);
        check("text/event-stream;q=0, */*", false);
        check("*/*, text/event-stream ; q=0.000", false);
        check("text/*;q=0, text/event-stream", true);
        check("text/*;q=0, */*", false);
        check("*/*;q=0", false);
        check("text/event-streams", false);
    }

    #[test]
    fn an_accept_that_names_nothing_takes_everything() {
        assert!(accepts_event_stream([]));
        check("", true);
        check(" , ", true);
    }

    #[test]
    fn all_values_count_as_one_list() {
        assert!(accepts_event_stream([
            &b"text/html"[..],
            b"text/event-stream"
        ]));
        assert!(!accepts_event_stream([
            &b"*/*"[..],
            b"text/event-stream;q=0"
        ]));
    }

    #[test]
    fn separators_in_quotes_do_not_separate() {
        check(r#"a/b;x="\", text/event-stream;""#, false);
        check(r#"text/event-stream;x=";q=0;""#, true);
    }

    #[test]
    fn odd_bytes_are_no_reason_to_refuse_what_is_named() {
        check("text/event-stream;q=", true);
        check("text/event-stream;q=high", true);
        assert!(accepts_event_stream([&b"\xff/\xff, text/event-stream"[..]]));
    }
}
