use std::sync::{Arc, Mutex, PoisonError};

use super::{Scene, Script};

/// All scenes of one server under test, by number.
#[derive(Clone, Debug, Default)]
pub struct Stage(Arc<Mutex<Vec<Scene>>>);

/// The routes that every server under test has, for GET and HEAD.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Route {
    /// `/compressed/N`: as `/events/N`, behind the framework's compression as it comes.
    Compressed,
    /// `/events/N`: plays scene N.
    Events,
    /// `/forced/N`: as `/events/N`, behind compression that does compress event streams.
    Forced,
    /// `/negotiated/N`: as `/events/N`, with 406 for clients that do not accept event streams.
    Negotiated,
    /// `/no-content`: 204, which stops reconnection.
    NoContent,
}

impl Stage {
    /// Makes a scene and gives it a number.
    pub fn scene(&self, script: Script) -> Scene {
        let mut scenes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let scene = Scene::new(scenes.len(), script);
        scenes.push(scene.clone());
        scene
    }

    /// For the server: finds a scene by its number.
    pub fn find(&self, number: usize) -> Option<Scene> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(number)
            .cloned()
    }
}

impl Route {
    /// The path without the scene's number.
    pub fn path(self) -> &'static str {
        match self {
            Self::Compressed => "/compressed",
            Self::Events => "/events",
            Self::Forced => "/forced",
            Self::Negotiated => "/negotiated",
            Self::NoContent => "/no-content",
        }
    }
}
