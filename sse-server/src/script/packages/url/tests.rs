use super::*;
use crate::script::packages::table::check;

#[test]
fn encode_keeps_to_its_table() {
    let of = |parts: &str| format!("return require('url').encode({{{parts}}})");
    check(
        register,
        &[
            (
                &of("scheme='http', host='example.com'"),
                "'http://example.com/'",
            ),
            (
                "return require('url')({scheme='http', host='example.com'})",
                "'http://example.com/'",
            ),
            (&of("scheme='https', host='h', port=443"), "'https://h/'"),
            (
                &of("scheme='https', host='h', port=8443"),
                "'https://h:8443/'",
            ),
            (&of("scheme='http', host='h', port='81'"), "'http://h:81/'"),
            (&of("scheme='http', host='h', port=65536"), "'http://h/'"),
            (&of("scheme='http', host='h', port=-1"), "'http://h/'"),
            (&of("scheme='http', host='h', port=0"), "'http://h:0/'"),
            (
                &of("scheme='ws', host='::1', port=1983"),
                "'ws://[::1]:1983/'",
            ),
            (&of("scheme='ws', host='[::1]'"), "'ws://[::1]/'"),
            (
                &of("scheme='wss', host='h', username='me', password='a:b'"),
                "'wss://me:a%3Ab@h/'",
            ),
            (
                &of("scheme='ftp', host='h', path='/a b/ü?#'"),
                "'ftp://h/a%20b/%C3%BC%3F%23'",
            ),
            (&of("scheme='http', host='h', path='a'"), "'http://h/a'"),
            (
                &of("scheme='http', host='h', query='a=b&c'"),
                "'http://h/?a=b&c'",
            ),
            (
                &of("scheme='http', host='h', args={a={'1 2', '&'}, b={3}}"),
                "'http://h/?a=1+2&a=%26&b=3'",
            ),
            (
                &of("scheme='http', host='h', query='z=0', args={a={'1'}}"),
                "'http://h/?z=0&a=1'",
            ),
            (&of("scheme='http', host='h', args={a='1'}"), "'http://h/'"),
            (
                &of("scheme='http', host='h', fragment='x y'"),
                "'http://h/#x%20y'",
            ),
            (&of("scheme='gopher', host='h'"), "!'gopher' is no scheme"),
            (&of("scheme='http', host='a/b'"), "!'a/b' is no host"),
            (&of("scheme='http', host='a:1'"), "!'a:1' is no host"),
            (&of("scheme='http', host='a@b'"), "!'a@b' is no host"),
            (&of("scheme='http', host=''"), "!is no host"),
            (&of("scheme='http'"), "!a URL needs 'host'"),
            (&of("host='h'"), "!a URL needs 'scheme'"),
            ("return require('url').encode('http://h')", "!table"),
        ],
    );
}

#[test]
fn decode_keeps_to_its_table() {
    let of = |text: &str| format!("return require('url').decode('{text}')");
    check(
        register,
        &[
            (
                &of("http://me:pw@h:81/a%20b?x=1&x=2&y#f"),
                "{args={x={'1','2'},y={''}},fragment='f',host='h',password='pw',path='/a%20b',port=81,query='x=1&x=2&y',scheme='http',username='me'}",
            ),
            (
                &of("https://h:443"),
                "{args={},host='h',path='/',scheme='https',username=''}",
            ),
            (
                &of("http://[::1]:1/"),
                "{args={},host='[::1]',path='/',port=1,scheme='http',username=''}",
            ),
            (
                &of("mailto:a@b"),
                "{args={},path='a@b',scheme='mailto',username=''}",
            ),
            (
                &of("http://h/?a=%C3%BC+b"),
                "{args={a={'\\xc3\\xbc b'}},host='h',path='/',query='a=%C3%BC+b',scheme='http',username=''}",
            ),
            (&of("/only/path"), "!no URL"),
            (&of("http://h:99999/"), "!no URL"),
            (&of(""), "!no URL"),
            (
                "return require('url').decode(5)",
                "!string expected, got number",
            ),
        ],
    );
}

#[test]
fn quote_and_unquote_keep_to_their_table() {
    check(
        register,
        &[
            (
                "return require('url').quote({a = 1, b = {'x', 'y z'}, c = true, d = 1.5})",
                "'a=1&b=x&b=y+z&c=true&d=1.5'",
            ),
            (
                "return require('url').quote({['a b'] = '&=ü'})",
                "'a+b=%26%3D%C3%BC'",
            ),
            ("return require('url').quote({})", "''"),
            ("return require('url').quote({a = {}})", "''"),
            ("return require('url').quote({a = {{}}})", "!'a' is a table"),
            (
                "return require('url').quote({a = print})",
                "!'a' is a function",
            ),
            ("return require('url').quote('a')", "!table"),
            (
                "return require('url').unquote('a=1&a=2&b=x+y%21')",
                "{a={'1','2'},b={'x y!'}}",
            ),
            ("return require('url').unquote('f')", "{f={''}}"),
            ("return require('url').unquote('f=')", "{f={''}}"),
            ("return require('url').unquote('')", "{}"),
            (
                "return require('url').unquote('chan=%C3%BC').chan[1]",
                "'\\xc3\\xbc'",
            ),
            (
                "return require('url').unquote(5)",
                "!string expected, got number",
            ),
            (
                "return require('url').unquote()",
                "!string expected, got no value",
            ),
        ],
    );
}
