use crate::http::{Route, Scene};

/// A request without a body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) method: &'static str,
    pub(crate) target: String,
}

impl Request {
    /// GET of a scene on a route.
    pub(crate) fn get(scene: &Scene, route: Route) -> Self {
        Self::new("GET", scene.path(route))
    }

    /// HEAD of a scene on a route.
    pub(crate) fn head(scene: &Scene, route: Route) -> Self {
        Self::new("HEAD", scene.path(route))
    }

    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self {
            headers: Vec::new(),
            method,
            target: target.into(),
        }
    }

    /// Adds a header; the bytes go out as they are.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a query.
    pub(crate) fn query(mut self, query: &str) -> Self {
        self.target = format!("{}?{query}", self.target);
        self
    }
}
