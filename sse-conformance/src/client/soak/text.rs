//! Data that shows whether it is whole.

/// An event's data: its number, and so much behind it that no part can be taken for the whole.
pub(super) fn text_of(number: u64, length: usize) -> String {
    let mut text = format!("{number:05} {length:05} ");
    for at in 0..length {
        text.push(if at % 16 == 15 { '\n' } else { 'x' });
    }
    text + "."
}

/// The number of an event whose data is whole.
pub(super) fn number_of(text: &str) -> Option<u64> {
    let number: u64 = text.get(..5)?.parse().ok()?;
    let length: usize = text.get(6..11)?.parse().ok()?;
    (text == text_of(number, length)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_text_has_a_number() {
        for length in [0, 1, 15, 16, 17, 100] {
            let text = text_of(7, length);
            assert_eq!(number_of(&text), Some(7));
            for end in 0..text.len() {
                assert_eq!(number_of(&text[..end]), None, "{length} {end}");
            }
        }
    }
}
