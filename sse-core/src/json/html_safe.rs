use alloc::string::String;

use serde::Serialize;

use super::error::JsonError;

/// Writes a value as JSON that can stand within an HTML page, in a `script` element or an attribute in single quotes.
///
/// `<`, `>`, `&`, `'`, U+2028 and U+2029 come as escapes, so that no text of the value can end the element or attribute;
/// every JSON reader takes them for the same characters.
///
/// # Errors
///
/// [`JsonError`] if the value cannot be written as JSON.
///
/// # Examples
///
/// ```
/// # use sse_core::{Event, json_html_safe};
/// let json = json_html_safe(&Event::new("</script>"))?;
/// assert_eq!(json, r#"{"data":"\u003c/script\u003e"}"#);
/// assert_eq!(Event::from_json(json)?, Event::new("</script>"));
/// # Ok::<(), sse_core::JsonError>(())
/// ```
pub fn json_html_safe<T: Serialize + ?Sized>(value: &T) -> Result<String, JsonError> {
    let json = serde_json::to_string(value).map_err(JsonError::new)?;
    // None of these characters stands outside a text in JSON, so that each can be replaced wherever it is.
    let mut safe = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find(|character| escape(character).is_some()) {
        safe.push_str(&rest[..at]);
        let mut characters = rest[at..].chars();
        safe.extend(characters.next().and_then(escape));
        rest = characters.as_str();
    }
    safe.push_str(rest);
    Ok(safe)
}

const fn escape(character: char) -> Option<&'static str> {
    Some(match character {
        '<' => r"\u003c",
        '>' => r"\u003e",
        '&' => r"\u0026",
        '\'' => r"\u0027",
        '\u{2028}' => r"\u2028",
        '\u{2029}' => r"\u2029",
        _ => return None,
    })
}
