use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use super::media_type::MediaType;
use crate::{
    answer::{Refusal, problem},
    message::{Fields, InvalidMessage, Message},
};

/// Reads a body within its limits.
pub(super) async fn collect(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    time: Duration,
) -> Result<Bytes, Refusal> {
    let too_long = || refused(StatusCode::PAYLOAD_TOO_LARGE, "length limit exceeded");
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_long());
    }
    match timeout(time, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(refused(StatusCode::BAD_REQUEST, "the body cannot be read")),
        Err(_) => Err(refused(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long",
        )),
    }
}

/// Where in a body a message stands: in a line, or it is the body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place(Option<usize>);

impl Place {
    /// Refuses the body for what is wrong here.
    pub(super) fn refuse(self, text: &str) -> Refusal {
        refused(StatusCode::BAD_REQUEST, &self.tell(text))
    }

    fn tell(self, text: &str) -> String {
        match self.0 {
            Some(line) => format!("line {line}: {text}"),
            None => text.to_owned(),
        }
    }
}

/// Reads the messages of a body.
pub(super) fn read(media_type: MediaType, body: &[u8]) -> Result<Vec<(Place, Message)>, Refusal> {
    let whole = Place(None);
    let one = |read: Result<Message, String>| read.map(|message| vec![(whole, message)]);
    let messages = match media_type {
        MediaType::Form => one(read_form(body).map_err(|error| error.to_string())),
        MediaType::Json => one(read_json(body)),
        MediaType::NdJson => read_lines(body),
    };
    messages.map_err(|text| whole.refuse(&text))
}

fn refused(status: StatusCode, text: &str) -> Refusal {
    problem(status, text).into()
}

fn read_json(body: &[u8]) -> Result<Message, String> {
    let fields: Fields = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Message::try_from(fields).map_err(|error| error.to_string())
}

fn read_form(body: &[u8]) -> Result<Message, InvalidMessage> {
    let mut fields = Fields::default();
    for (name, value) in form_urlencoded::parse(body) {
        fields.set_text(&name, value.into_owned())?;
    }
    Message::try_from(fields)
}

/// One message a line; blank lines are none.
fn read_lines(body: &[u8]) -> Result<Vec<(Place, Message)>, String> {
    let mut messages = Vec::new();
    for (index, line) in body.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if messages.len() == MOST_MESSAGES {
            return Err(format!("a body may have at most {MOST_MESSAGES} messages"));
        }
        let place = Place(Some(index + 1));
        let message = read_json(line).map_err(|error| place.tell(&error))?;
        messages.push((place, message));
    }
    if messages.is_empty() {
        return Err("there is no message".to_owned());
    }
    Ok(messages)
}

/// Each is a call of the hook `publish`, and a reload waits for all of a body.
const MOST_MESSAGES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_messages_and_the_first_bad_one_is_named() {
        let messages = read_lines(b"{\"data\":\"a\"}\n\n{\"data\":\"b\"}\r\n").unwrap();
        let places: Vec<_> = messages.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [Place(Some(1)), Place(Some(3))]);
        let error = read_lines(b"{\"data\":\"a\"}\n\n{\"id\":\"a\\nb\"}\n").unwrap_err();
        assert_eq!(error, "line 3: id must not have a line end or a NUL");
        assert_eq!(read_lines(b" \n").unwrap_err(), "there is no message");
        let lines = "{\"data\":\"a\"}\n".repeat(MOST_MESSAGES);
        assert_eq!(read_lines(lines.as_bytes()).unwrap().len(), MOST_MESSAGES);
        let error = read_lines(format!("{lines}{{}}").as_bytes()).unwrap_err();
        assert_eq!(error, "a body may have at most 1000 messages");
    }

    #[test]
    fn a_form_is_decoded() {
        let message = read_form(b"data=a+b%0Ac&topic=x&topic=y&ttl=5&unknown=1").unwrap();
        assert_eq!(message.table.data.unwrap(), "a b\nc");
        assert_eq!(message.topics, ["x", "y"]);
        assert_eq!(message.ttl, Some(Duration::from_millis(5)));
    }
}
