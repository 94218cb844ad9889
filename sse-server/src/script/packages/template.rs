//! `template`: texts with holes, in the language of Jinja.

use std::path::PathBuf;

use minijinja::{AutoEscape, Environment, Value as Filled, path_loader};
use mlua::{Error, Lua, LuaSerdeExt, Result, Table, UserData, UserDataMethods, Value};

use super::argument;

/// Puts the package where `require` finds it.
pub(crate) fn register(lua: &Lua) -> Result<()> {
    lua.register_module("template", Package)
}

struct Package;

impl UserData for Package {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("renderstring", |lua, (source, context): (Value, Value)| {
            let mut environment = Environment::new();
            environment.set_auto_escape_callback(|_| AutoEscape::Html);
            render_text(lua, &environment, &source, &context)
        });
        methods.add_function("library", |_, options: Option<Table>| Library::new(options));
    }
}

struct Library(Environment<'static>);

impl Library {
    /// The options come first: they hold for the templates that are given here, too.
    fn new(options: Option<Table>) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
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
            template.render(filled(lua, &context)?).map_err(raised)
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

fn render_text(
    lua: &Lua,
    environment: &Environment<'_>,
    source: &Value,
    context: &Value,
) -> Result<String> {
    let source = argument::utf8(source, "renderstring", 1)?;
    let text = environment.render_str(&source, filled(lua, context)?);
    text.map_err(raised)
}

/// What the holes are filled with; nothing is an empty table.
fn filled(lua: &Lua, context: &Value) -> Result<Filled> {
    match context {
        Value::Nil => Ok(Filled::from(
            std::collections::BTreeMap::<String, Filled>::new(),
        )),
        context => convert(lua, context, 0),
    }
}

/// As in JSON: any part that is a list makes the table a list.
fn convert(lua: &Lua, value: &Value, depth: usize) -> Result<Filled> {
    Ok(match value {
        Value::Nil => Filled::from(()),
        Value::LightUserData(pointer) if pointer.0.is_null() => Filled::from(()),
        Value::Boolean(yes) => Filled::from(*yes),
        Value::Integer(number) => Filled::from(*number),
        Value::Number(number) => Filled::from(*number),
        Value::String(text) => match text.to_str() {
            Ok(text) => Filled::from(&*text),
            Err(_) => Filled::from_bytes(text.as_bytes().to_vec()),
        },
        Value::Table(_) if depth == DEEPEST => {
            return Err(Error::runtime(format_args!(
                "a context is nested deeper than {DEEPEST}, or inside itself"
            )));
        }
        Value::Table(table) => {
            let length = table.raw_len();
            if length > 0 || table.metatable() == Some(lua.array_metatable()) {
                let list =
                    (1..=length).map(|index| convert(lua, &table.raw_get(index)?, depth + 1));
                Filled::from(list.collect::<Result<Vec<_>>>()?)
            } else {
                let map = table.pairs::<Value, Value>().map(|pair| {
                    let (key, value) = pair?;
                    Ok((
                        convert(lua, &key, depth + 1)?,
                        convert(lua, &value, depth + 1)?,
                    ))
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
    Error::external(error)
}

/// As deep as JSON may be.
const DEEPEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::packages::table::{check, run};

    #[test]
    fn renderstring_keeps_to_its_table() {
        let of = |arguments: &str| format!("return require('template').renderstring({arguments})");
        check(
            register,
            &[
                (&of("'Hello {{ name }}!', {name = 'you'}"), "'Hello you!'"),
                (&of("'{{ x }}', {x = '<b>'}"), "'&lt;b&gt;'"),
                (&of("'{{ x|safe }}', {x = '<b>'}"), "'<b>'"),
                (&of("'[{{ x }}]'"), "'[]'"),
                (&of("'[{{ x }}]', {}"), "'[]'"),
                (&of("'{{ x.y }}', {}"), "!undefined"),
                (&of("'[{{ x.y }}]', {x = {}}"), "'[]'"),
                (
                    &of("'{% for i in l %}{{ i }},{% endfor %}', {l = {1, 2.5, 'c'}}"),
                    "'1,2.5,c,'",
                ),
                (&of("'{{ a.b.c }}', {a = {b = {c = true}}}"), "'true'"),
                (
                    &of("'{% if x %}{% else %}no{% endif %}', {x = false}"),
                    "'no'",
                ),
                (&of("'a\\n'"), "'a'"),
                (&of("'{{', {}"), "!syntax error"),
                (&of("'{{ f }}', {f = print}"), "!cannot show a function"),
                (&of("5"), "!string expected, got number"),
                (
                    "local t = {} t.t = t return require('template').renderstring('', t)",
                    "!inside itself",
                ),
            ],
        );
    }

    #[test]
    fn a_library_keeps_to_its_table() {
        let of = |options: &str, rest: &str| {
            format!("local l = require('template').library({options}) {rest}")
        };
        let escape = |kind: &str| {
            of(
                &format!("{{templates = {{t = '{{{{ x }}}}'}}, autoescape = {kind}}}"),
                "return l:render('t', {x = '<\"'})",
            )
        };
        let trimmed = "templates = {t = 'a\\n  {% if true %}\\nb\\n  {% endif %}\\nc\\n'}";
        check(
            register,
            &[
                (
                    &of(
                        "{templates = {t = '{{ x }}'}}",
                        "return l:render('t', {x = 1})",
                    ),
                    "'1'",
                ),
                (
                    &of("{templates = {t = '[{{ x }}]'}}", "return l:render('t')"),
                    "'[]'",
                ),
                // Inline templates know the options, too.
                (&escape("nil"), "'&lt;&quot;'"),
                (&escape("'html'"), "'&lt;&quot;'"),
                (&escape("'none'"), "'<\"'"),
                (&escape("'json'"), r#"'"<\\""'"#),
                (&escape("'xml'"), "!'xml' is none of"),
                (
                    &of(&format!("{{{trimmed}}}"), "return l:render('t')"),
                    r"'a\n  \nb\n  \nc'",
                ),
                (
                    &of(
                        &format!("{{{trimmed}, keep_trailing_newline = true}}"),
                        "return l:render('t')",
                    ),
                    r"'a\n  \nb\n  \nc\n'",
                ),
                (
                    &of(
                        &format!("{{{trimmed}, trim_blocks = true, lstrip_blocks = true}}"),
                        "return l:render('t')",
                    ),
                    r"'a\nb\nc'",
                ),
                (
                    &of("", "l:add('t', '{{ x }}') return l:render('t', {x = '<'})"),
                    "'&lt;'",
                ),
                (
                    &of(
                        "{autoescape = 'none'}",
                        "l:add('t', '{{ x }}') return l:render('t', {x = '<'})",
                    ),
                    "'<'",
                ),
                (
                    &of(
                        "{autoescape = 'none'}",
                        "return l:renderstring('{{ x }}', {x = '<'})",
                    ),
                    "'<'",
                ),
                (
                    &of(
                        "{templates = {t = 'a'}}",
                        "l:add('t', 'b') return l:render('t')",
                    ),
                    "'b'",
                ),
                (
                    &of(
                        "{templates = {t = 'a'}}",
                        "l:remove('t') return l:render('t')",
                    ),
                    "!not found",
                ),
                (
                    &of("{templates = {t = 'a'}}", "l:clear() return l:render('t')"),
                    "!not found",
                ),
                (&of("", "return l:render('none')"), "!not found"),
                (&of("", "l:add('t', '{% if %}')"), "!syntax error"),
                (&of("{templates = {t = '{% if %}'}}", ""), "!syntax error"),
                (
                    &of(
                        "{templates = {b = '<{% block c %}{% endblock %}>'}}",
                        "return l:renderstring('{% extends \"b\" %}{% block c %}{{ x }}{% endblock %}', {x = 1})",
                    ),
                    "'<1>'",
                ),
                (
                    &of(
                        "{templates = {b = '({{ x }})'}}",
                        "return l:renderstring('{% include \"b\" %}', {x = 1})",
                    ),
                    "'(1)'",
                ),
            ],
        );
    }

    #[test]
    fn a_directory_is_read_and_stays_the_limit() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(inside.join("page.html"), "Hi {{ x }}").unwrap();
        std::fs::write(directory.path().join("secret"), "secret").unwrap();
        let lua = Lua::new();
        register(&lua).unwrap();
        let inside = inside.to_str().unwrap();
        lua.globals().set("inside", inside).unwrap();
        for (name, expected) in [
            ("page.html", "'Hi &lt;'"),
            ("../secret", "!not found"),
            ("none.html", "!not found"),
        ] {
            let chunk = format!(
                "local l = require('template').library({{directory = inside}})
                return l:render('{name}', {{x = '<'}})"
            );
            let found = run(&lua, &chunk);
            match expected.strip_prefix('!') {
                Some(part) => assert!(found.contains(part), "{found}"),
                None => assert_eq!(found, expected),
            }
        }
    }
}
