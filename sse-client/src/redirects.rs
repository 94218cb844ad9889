/// Which redirects are followed, and how many in a row.
///
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use sse_client::Redirects;
///
/// let redirects = Redirects::same_origin().most(5);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Redirects {
    reach: Reach,
    most: u32,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Reach {
    None,
    SameOrigin,
    All,
}

impl Redirects {
    /// Follows none: a redirect is refused as any other status is, and its error has the `location`.
    pub const fn none() -> Self {
        Self::with(Reach::None)
    }

    /// Follows those to scheme, host and port of the address before; another is an error of the kind [`Redirect`].
    ///
    /// [`Redirect`]: crate::ErrorKind::Redirect
    pub const fn same_origin() -> Self {
        Self::with(Reach::SameOrigin)
    }

    /// Follows all, as browsers do; this is the default.
    ///
    /// Credentials in the request stay with their origin: `authorization`, `cookie`, `proxy-authorization`, and headers that are
    /// marked [sensitive](http::HeaderValue::set_sensitive). What the transport adds is the transport's.
    pub const fn all() -> Self {
        Self::with(Reach::All)
    }

    /// Sets how many are followed in a row; 20 by default, as in browsers. One more is an error.
    pub const fn most(mut self, most: u32) -> Self {
        self.most = most;
        self
    }

    /// Whether a redirect is looked at.
    pub(crate) fn any(self) -> bool {
        self.reach != Reach::None
    }

    /// Whether one more is followed.
    pub(crate) fn admit(self, followed: u32, same_origin: bool) -> bool {
        followed < self.most && (same_origin || self.reach == Reach::All)
    }

    const fn with(reach: Reach) -> Self {
        Self { reach, most: 20 }
    }
}

impl Default for Redirects {
    fn default() -> Self {
        Self::all()
    }
}
