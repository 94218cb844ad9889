use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::state::ReconnectState;
use crate::{event_id::EventId, retry::Retry};

impl Serialize for ReconnectState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved {
            last_event_id: self.last_event_id().cloned(),
            retry: self.retry(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ReconnectState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Saved {
            last_event_id,
            retry,
        } = Saved::deserialize(deserializer)?;
        Ok(Self::saved(last_event_id.unwrap_or_default(), retry))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename = "ReconnectState")]
struct Saved {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_event_id: Option<EventId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<Retry>,
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_without_what_is_absent() {
        let check = |state: ReconnectState, expected| {
            let text = serde_json::to_string(&state).unwrap();
            assert_eq!(text, expected);
            assert_eq!(
                serde_json::from_str::<ReconnectState>(&text).unwrap(),
                state
            );
        };
        check(ReconnectState::new(), "{}");
        check(
            ReconnectState::saved(EventId::from(1), Some(Retry::from_millis(5))),
            r#"{"last_event_id":"1","retry":5}"#,
        );
        assert!(serde_json::from_str::<ReconnectState>(r#"{"last_event_id":"a\n"}"#).is_err());
    }
}
