use alloc::{string::String, vec::Vec};

use bytes::BytesMut;

/// A growable buffer that an [`Encoder`](crate::Encoder) can append to: `String`, `Vec<u8>` or `BytesMut`.
pub trait Sink: sealed::Sealed {
    #[doc(hidden)]
    fn reserve(&mut self, additional: usize);
    #[doc(hidden)]
    fn put(&mut self, text: &str);
}

impl Sink for String {
    fn reserve(&mut self, additional: usize) {
        self.reserve(additional);
    }

    fn put(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl Sink for Vec<u8> {
    fn reserve(&mut self, additional: usize) {
        self.reserve(additional);
    }

    fn put(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

impl Sink for BytesMut {
    fn reserve(&mut self, additional: usize) {
        self.reserve(additional);
    }

    fn put(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

mod sealed {
    use alloc::{string::String, vec::Vec};

    use bytes::BytesMut;

    pub trait Sealed {}
    impl Sealed for String {}
    impl Sealed for Vec<u8> {}
    impl Sealed for BytesMut {}
}
