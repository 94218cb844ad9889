/// Tells whether a topic or pattern asks for a topic, read off the rules as they are written.
pub(crate) fn matches(selector: &str, topic: &str) -> bool {
    let selector: Vec<_> = selector.split('/').collect();
    let topic: Vec<_> = topic.split('/').collect();
    walk(&selector, &topic)
}

fn walk(selector: &[&str], topic: &[&str]) -> bool {
    #[expect(clippy::match_same_arms, reason = "each arm is a rule")]
    match (selector, topic) {
        (["**"], [_, ..]) => true,
        (["*", selector @ ..], [segment, topic @ ..]) => {
            !segment.is_empty() && walk(selector, topic)
        }
        ([wanted, selector @ ..], [segment, topic @ ..]) => {
            wanted == segment && walk(selector, topic)
        }
        ([], []) => true,
        _ => false,
    }
}
