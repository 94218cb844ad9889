//! `template`: texts with holes, in the language of Jinja.

use std::{io, path::PathBuf};

use minijinja::{AutoEscape, Environment, Template, Value as Filled, path_loader};
use mlua::{Error, Lua, LuaSerdeExt, LuaString, Result, Table, UserData, UserDataMethods, Value};

use super::{argument, bounded::Bounded};
use crate::script::allowance::Allowance;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("template", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("renderstring", |lua, (source, context): (Value, Value)| {
            render_text(lua, &environment(), &source, &context)
        });
        methods.add_function("library", |_, options: Option<Table>| Library::new(options));
    }
}

struct Library(Environment<'static>);

impl Library {
    /// The options come first: they hold for the templates that are given here, too.
    fn new(options: Option<Table>) -> Result<Self> {
        let mut environment = environment();
        let Some(options) = options else {
            return Ok(Self(environment));
        };
        let escape = match options.get::<Option<String>>("autoescape")?.as_deref() {
            None | Some("html") => AutoEscape::Html,
            Some("json") => AutoEscape::Json,
            Some("none") => AutoEscape::None,
            Some(other) => {
                return Err(Error::runtime(format_args!(
                    "autoescape '{other}' is none of html, json and none"
                )));
            }
        };
        environment.set_auto_escape_callback(move |_| escape);
        let is = |name: &str| -> Result<bool> {
            Ok(options.get::<Option<bool>>(name)?.unwrap_or(false))
        };
        environment.set_keep_trailing_newline(is("keep_trailing_newline")?);
        environment.set_trim_blocks(is("trim_blocks")?);
        environment.set_lstrip_blocks(is("lstrip_blocks")?);
        if let Some(directory) = options.get::<Option<String>>("directory")? {
            environment.set_loader(path_loader(PathBuf::from(directory)));
        }
        if let Some(templates) = options.get::<Option<Table>>("templates")? {
            for pair in templates.pairs::<String, String>() {
                let (name, source) = pair?;
                environment
                    .add_template_owned(name, source)
                    .map_err(raised)?;
            }
        }
        Ok(Self(environment))
    }
}

impl UserData for Library {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        type Call = (Value, Value);
        methods.add_method("render", |lua, this, (name, context): Call| {
            let name = argument::utf8(&name, "render", 1)?;
            let template = this.0.get_template(&name).map_err(raised)?;
            render(lua, &template, &context)
        });
        methods.add_method("renderstring", |lua, this, (source, context): Call| {
            render_text(lua, &this.0, &source, &context)
        });
        methods.add_method_mut("add", |_, this, (name, source): Call| {
            let name = argument::utf8(&name, "add", 1)?;
            let source = argument::utf8(&source, "add", 2)?;
            this.0.add_template_owned(name, source).map_err(raised)
        });
        methods.add_method_mut("remove", |_, this, name: Value| {
            this.0.remove_template(&argument::utf8(&name, "remove", 1)?);
            Ok(())
        });
        methods.add_method_mut("clear", |_, this, ()| {
            this.0.clear_templates();
            Ok(())
        });
    }
}

/// As Jinja is for pages, with an end to what never ends.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_fuel(Some(FUEL));
    environment
}

fn render_text(
    lua: &Lua,
    environment: &Environment<'_>,
    source: &Value,
    context: &Value,
) -> Result<LuaString> {
    let source = argument::utf8(source, "renderstring", 1)?;
    let template = environment.template_from_str(&source).map_err(raised)?;
    render(lua, &template, context)
}

fn render(lua: &Lua, template: &Template<'_, '_>, context: &Value) -> Result<LuaString> {
    let mut out = Bounded::default();
    let rendered = template.render_captured_to(filled(lua, context)?, &mut out);
    rendered.map_err(raised)?;
    lua.create_string(out.into_inner())
}

/// What the holes are filled with; nothing is an empty table.
fn filled(lua: &Lua, context: &Value) -> Result<Filled> {
    match context {
        Value::Nil => Ok(Filled::from(
            std::collections::BTreeMap::<String, Filled>::new(),
        )),
        context => convert(lua, context, 0, &Allowance::of(lua)),
    }
}

/// As in JSON: any part that is a list makes the table a list.
fn convert(lua: &Lua, value: &Value, depth: usize, allowance: &Allowance) -> Result<Filled> {
    let convert = |value: &Value| convert(lua, value, depth + 1, allowance);
    allowance.take(size_of::<Filled>())?;
    Ok(match value {
        Value::Nil => Filled::from(()),
        Value::LightUserData(pointer) if pointer.0.is_null() => Filled::from(()),
        Value::Boolean(yes) => Filled::from(*yes),
        Value::Integer(number) => Filled::from(*number),
        Value::Number(number) => Filled::from(*number),
        Value::String(text) => {
            allowance.take(text.as_bytes().len())?;
            match text.to_str() {
                Ok(text) => Filled::from(&*text),
                Err(_) => Filled::from_bytes(text.as_bytes().to_vec()),
            }
        }
        Value::Table(_) if depth == DEEPEST => {
            return Err(Error::runtime(format_args!(
                "a context is nested deeper than {DEEPEST}, or inside itself"
            )));
        }
        Value::Table(table) => {
            let length = table.raw_len();
            if length > 0 || table.metatable() == Some(lua.array_metatable()) {
                let list = (1..=length).map(|index| convert(&table.raw_get(index)?));
                Filled::from(list.collect::<Result<Vec<_>>>()?)
            } else {
                let map = table.pairs::<Value, Value>().map(|pair| {
                    let (key, value) = pair?;
                    Ok((convert(&key)?, convert(&value)?))
                });
                map.collect::<Result<Vec<(Filled, Filled)>>>()?
                    .into_iter()
                    .collect()
            }
        }
        other => {
            return Err(Error::runtime(format_args!(
                "a template cannot show a {}",
                other.type_name()
            )));
        }
    })
}

fn raised(error: minijinja::Error) -> Error {
    let reason = std::error::Error::source(&error).filter(|reason| reason.is::<io::Error>());
    match reason {
        Some(reason) => Error::runtime(format_args!("the text is {reason}")),
        None => Error::external(error),
    }
}

/// The steps of a template: more than a page takes, and a small part of the time that a hook has.
const FUEL: u64 = 1_000_000;

/// As deep as JSON may be.
const DEEPEST: usize = 128;

#[cfg(test)]
mod tests;
