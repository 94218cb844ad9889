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
fn the_options_of_a_library_hold_for_every_template() {
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
        ],
    );
}

#[test]
fn templates_come_and_go_in_a_library() {
    check(
        register,
        &[
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

#[test]
fn what_never_ends_and_what_grows_too_long_raises() {
    let loops = "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}";
    let long = "local s = ('x'):rep(1 << 20) return l:renderstring('{% for a in range(100) %}{{ s }}{% endfor %}', {s = s})";
    let shared = "local t = {1} for _ = 1, 40 do t = {t, t} end return l:renderstring('', {t = t})";
    check(
        register,
        &[
            (
                &of("{}", &format!("return l:renderstring('{loops}')")),
                "!fuel",
            ),
            (
                &format!("return require('template').renderstring('{loops}')"),
                "!fuel",
            ),
            (
                &of(
                    &format!("{{templates = {{a = '{loops}'}}}}"),
                    "return l:render('a')",
                ),
                "!fuel",
            ),
            (&of("{}", long), "!longer than 64 MiB"),
            (&of("{}", shared), "!too large"),
        ],
    );
}

/// A chunk that makes a library `l` first.
fn of(options: &str, rest: &str) -> String {
    format!("local l = require('template').library({options}) {rest}")
}
