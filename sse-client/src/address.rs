use http::Uri;
use url::Url;

/// The address of a request to this URL, if it can be one: its fragment and its user stay here.
pub(crate) fn address(url: &Url) -> Option<Uri> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut url = url.clone();
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.as_str().parse().ok()
}

/// What may be shown of an address: no user, password or query.
pub(crate) fn shown(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit('@').next().unwrap_or_default();
    let origin = if host.is_empty() {
        String::new()
    } else {
        format!("{scheme}://{host}")
    };
    origin + uri.path()
}

/// Whether a request can be sent to this address.
pub(crate) fn is_absolute(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, uri: Option<&str>) {
        let found = address(&Url::parse(url).unwrap()).map(|uri| uri.to_string());
        assert_eq!(found.as_deref(), uri, "{url}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = |uri: &'static str| shown(&Uri::from_static(uri));
        assert_eq!(shown("http://u:p@a:81/b/c?d=e"), "http://a:81/b/c");
        assert_eq!(shown("https://a"), "https://a/");
        assert_eq!(shown("/b?c"), "/b");
    }

    #[test]
    fn fragment_and_user_are_no_part_of_the_address() {
        check("http://a", Some("http://a/"));
        check("http://a/b?c=d e#f", Some("http://a/b?c=d%20e"));
        check(
            "https://ä.example/ü",
            Some("https://xn--4ca.example/%C3%BC"),
        );
        check("http://u:p@a/", Some("http://a/"));
        check("ftp://a/", None);
        check("data:text/plain,x", None);
    }
}
