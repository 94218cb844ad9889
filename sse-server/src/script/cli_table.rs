use crate::script::value::Value;

/// The options as scripts see them: the argument of `startup`.
#[derive(Clone, Debug, Default)]
pub struct CliTable {
    fields: Vec<(&'static str, Value)>,
}

impl CliTable {
    /// Returns an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field; `nil` leaves it out.
    pub fn set(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Nil => {}
            value => self.fields.push((name, value)),
        }
        self
    }

    pub(crate) fn fields(&self) -> &[(&'static str, Value)] {
        &self.fields
    }
}
