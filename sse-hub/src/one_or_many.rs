use std::ops::Deref;

/// A list that nearly always has one item, which needs no memory of its own.
#[derive(Clone, Debug)]
pub(crate) enum OneOrMany<T> {
    One([T; 1]),
    Many(Box<[T]>),
}

impl<T> Deref for OneOrMany<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::One(item) => item,
            Self::Many(items) => items,
        }
    }
}

impl<T> From<Vec<T>> for OneOrMany<T> {
    fn from(items: Vec<T>) -> Self {
        match <[T; 1]>::try_from(items) {
            Ok(item) => Self::One(item),
            Err(items) => Self::Many(items.into()),
        }
    }
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Box::default())
    }
}
