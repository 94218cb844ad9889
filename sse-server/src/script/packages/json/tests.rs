use super::*;
use crate::script::packages::table::check;

#[test]
fn encode_keeps_to_its_table() {
    check(
        register,
        &[
            ("return require('json').encode({1, 2, 3})", "'[1,2,3]'"),
            ("return require('json')({1, 2, 3})", "'[1,2,3]'"),
            ("return require('json').encode({})", "'{}'"),
            ("return require('json').encode({a = 1})", r#"'{"a":1}'"#),
            ("return require('json').encode({1, 2, x = 3})", "'[1,2]'"),
            ("return require('json').encode({1, nil, 3})", "'[1,null,3]'"),
            (
                "return require('json').encode({[3] = 'c'})",
                r#"'{"3":"c"}'"#,
            ),
            (
                "return require('json').encode({[1.5] = 'c'})",
                r#"'{"1.5":"c"}'"#,
            ),
            (
                "return require('json').encode({[true] = 1})",
                r#"'{"true":1}'"#,
            ),
            ("return require('json').encode(nil)", "'null'"),
            ("return require('json').encode()", "'null'"),
            ("return require('json').encode(true)", "'true'"),
            ("return require('json').encode(7)", "'7'"),
            ("return require('json').encode(1.0)", "'1.0'"),
            ("return require('json').encode(0.1)", "'0.1'"),
            (
                "return require('json').encode(math.mininteger)",
                "'-9223372036854775808'",
            ),
            ("return require('json').encode(0/0)", "'null'"),
            ("return require('json').encode(math.huge)", "'null'"),
            ("return require('json').encode({-math.huge})", "'[null]'"),
            (
                r#"return require('json').encode('a"\n\0é')"#,
                r#"'"a\\"\\n\\u0000\xc3\xa9"'"#,
            ),
            (r"return require('json').encode('\255a')", "'[255,97]'"),
            (
                "local j = require('json') return j.encode(j.null)",
                "'null'",
            ),
            (
                "local j = require('json') return j.encode({a = j.null})",
                r#"'{"a":null}'"#,
            ),
            (
                "local j = require('json') return j.encode(j.array())",
                "'[]'",
            ),
            (
                "local j = require('json') return j.encode(j.array({x = 1}))",
                "'[]'",
            ),
            ("return require('json').encode(print)", "!a function"),
            (
                "return require('json').encode({a = {print}})",
                "!a function",
            ),
            (
                "return require('json').encode(coroutine.create(print))",
                "!a thread",
            ),
            (
                "return require('json').encode(require('json'))",
                "!userdata",
            ),
            (
                "return require('json').encode({[{}] = 1})",
                "!a key that is a table",
            ),
            (
                r"return require('json').encode({['\255'] = 1})",
                "!a key that is not UTF-8",
            ),
            (
                "local t = {} t.t = t return require('json').encode(t)",
                "!itself",
            ),
            (
                "local t = {} t.a = {t} return require('json').encode(t)",
                "!itself",
            ),
            (
                "local t = {1} return require('json').encode({t, t})",
                "'[[1],[1]]'",
            ),
            (
                "local t = {} for _ = 1, 200 do t = {t} end return require('json').encode(t)",
                "!deeper than 128",
            ),
            (
                "local t = {('x'):rep(1000)} for _ = 1, 40 do t = {t, t} end return require('json').encode(t)",
                "!longer than",
            ),
        ],
    );
}

#[test]
fn pretty_is_two_spaces() {
    check(
        register,
        &[
            (
                "return require('json').encode({a = {1, {}}}, true)",
                r#"'{\n  "a": [\n    1,\n    {}\n  ]\n}'"#,
            ),
            ("return require('json')({1}, true)", r"'[\n  1\n]'"),
            ("return require('json')({1}, false)", "'[1]'"),
            (
                "local j = require('json') return j.encode(j.array(), true)",
                "'[]'",
            ),
        ],
    );
}

#[test]
fn decode_keeps_to_its_table() {
    check(
        register,
        &[
            (
                r#"return require('json').decode('{"a": [1, "x", true]}')"#,
                "{a={1,'x',true}}",
            ),
            (
                "return require('json').decode('null') == require('json').null",
                "true",
            ),
            ("return require('json').decode('[null, 1]')", "{null,1}"),
            ("return math.type(require('json').decode('1'))", "'integer'"),
            ("return math.type(require('json').decode('1.0'))", "'float'"),
            (
                "return require('json').decode('9223372036854775807')",
                "9223372036854775807",
            ),
            (
                "return require('json').decode('9223372036854775808')",
                "9.223372036854776e18",
            ),
            (
                "return require('json').decode('-9223372036854775809')",
                "-9.223372036854776e18",
            ),
            (
                "return require('json').decode('123456789012345678901234567890')",
                "1.2345678901234568e29",
            ),
            (
                r#"return require('json').decode('"\\u00e9\\ud83d\\ude00"')"#,
                r"'\xc3\xa9\xf0\x9f\x98\x80'",
            ),
            (r#"return require('json').decode('{"a":1,"a":2}')"#, "{a=2}"),
            (
                "local j = require('json') return j.encode(j.decode('[]'))",
                "'[]'",
            ),
            (
                "local j = require('json') return j.encode(j.decode('{}'))",
                "'{}'",
            ),
            (
                "local j = require('json') return j.encode(j.decode('[[],{}]'))",
                "'[[],{}]'",
            ),
            ("return require('json').decode('[1,]')", "!not JSON"),
            ("return require('json').decode('')", "!not JSON"),
            ("return require('json').decode('1 2')", "!not JSON"),
            (r#"return require('json').decode('"\255"')"#, "!not JSON"),
            (
                "return require('json').decode(('['):rep(200) .. (']'):rep(200))",
                "!not JSON",
            ),
            (
                "return require('json').decode()",
                "!string or number expected, got no value",
            ),
            (
                "return require('json').decode({})",
                "!string or number expected, got table",
            ),
        ],
    );
}

#[test]
fn null_is_a_value_and_array_marks_in_place() {
    check(
        register,
        &[
            ("return type(require('json').null)", "'userdata'"),
            ("return require('json').null and 'truthy'", "'truthy'"),
            (
                "local j, t = require('json'), {} return j.array(t) == t and j.encode(t)",
                "'[]'",
            ),
            ("return require('json').array(5)", "!table"),
        ],
    );
}

#[test]
fn printing_goes_through_the_global_print() {
    let replaced = "local out, json = {}, require('json')
        function print(...) out[#out + 1] = table.concat({...}, ' ') end ";
    check(
        register,
        &[
            (
                &format!("{replaced} json.print({{1}}) return out"),
                "{'[1]'}",
            ),
            (
                &format!("{replaced} json.pprint({{1}}) return out"),
                r"{'[\n  1\n]'}",
            ),
        ],
    );
}
