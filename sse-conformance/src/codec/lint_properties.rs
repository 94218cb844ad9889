use super::{Bound, Codec, Fields, Input, Surface, decode, wire::lines};

/// Every field of a stream without a finding comes out of the decoder, but for those that nobody knows.
pub(super) fn what_a_lint_passes_is_decoded_without_loss(
    codec: &dyn Codec,
    data: &[u8],
) -> Result<(), String> {
    let input = Input::from_data(data);
    if !codec.lint(&input.stream).is_empty() {
        return Ok(());
    }
    let fail = |what: &str| Err(format!("no finding in {:?}, but {what}", input.stream));
    let Ok(text) = std::str::from_utf8(&input.stream) else {
        return fail("it is not UTF-8");
    };
    let written = match fields_of(text.strip_prefix('\u{FEFF}').unwrap_or(text)) {
        Ok(written) => written,
        Err(what) => return fail(what),
    };
    let seen = decode(codec, Surface::Everything, Bound::Unlimited, input.chunks());
    let read: Vec<(&str, String)> = seen
        .blocks
        .iter()
        .flat_map(|block| parts(&block.fields))
        .collect();
    for name in ["event", "data", "id", "retry", ""] {
        let [written, read] = [&written, &read].map(|fields| {
            fields
                .iter()
                .filter(|field| field.0 == name)
                .collect::<Vec<_>>()
        });
        if written != read {
            return fail(&format!("{written:?} became {read:?}"));
        }
    }
    Ok(())
}

/// The known fields as they are written, comments with an empty name, or what no decoder can keep.
fn fields_of(text: &str) -> Result<Vec<(&str, String)>, &'static str> {
    let lines = lines(text);
    let (cut, lines) = lines
        .split_last()
        .expect("a text has a line, if an empty one");
    if !cut.is_empty() {
        return Err("it ends inside a line");
    }
    let mut fields = Vec::new();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        // The lint tells a mark in front of a line from one within a name, which is no known one.
        let meant = name
            .trim_start_matches('\u{FEFF}')
            .trim_matches([' ', '\t'])
            .to_ascii_lowercase();
        match name {
            "retry" => fields.push((name, number(value).ok_or("a retry is no number")?)),
            "id" if value.contains('\0') => return Err("an id has NUL"),
            "event" | "data" | "id" | "" => fields.push((name, value.to_owned())),
            _ if ["event", "data", "id", "retry"].contains(&meant.as_str()) => {
                return Err("a field is misspelled");
            }
            _ => {}
        }
    }
    Ok(fields)
}

fn number(digits: &str) -> Option<String> {
    let digits_only = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits_only.then(|| digits.parse().unwrap_or(u64::MAX).to_string())
}

fn parts(fields: &Fields) -> Vec<(&'static str, String)> {
    let Fields {
        event,
        data,
        id,
        retry,
        comment,
    } = fields;
    let mut parts = Vec::new();
    parts.extend(event.iter().map(|event| ("event", event.clone())));
    parts.extend(
        data.iter()
            .flat_map(|data| data.split('\n'))
            .map(|line| ("data", line.to_owned())),
    );
    parts.extend(id.iter().map(|id| ("id", id.clone())));
    parts.extend(retry.iter().map(|retry| ("retry", retry.to_string())));
    parts.extend(comment.iter().map(|comment| ("", comment.clone())));
    parts
}
