//! A directory that is served.

use std::fs;

use crate::running::Running;

fn with_files(arguments: &[&str]) -> (tempfile::TempDir, Running) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir(root.join("sub")).unwrap();
    fs::write(root.join("index.html"), "<p>root").unwrap();
    fs::write(root.join("a.txt"), "0123456789").unwrap();
    fs::write(root.join("sub/index.html"), "<p>sub").unwrap();
    let all = ["-D", root.to_str().unwrap()];
    let all: Vec<_> = all.iter().chain(arguments).copied().collect();
    let server = Running::with(&all);
    (directory, server)
}

#[test]
fn files_are_served_at_the_root() {
    let (_directory, server) = with_files(&[]);
    server.get("/").check(200, Some("text/html"), "<p>root");
    let file = server.get("/a.txt");
    file.check(200, Some("text/plain"), "0123456789");
    assert_eq!(file.header("accept-ranges"), Some("bytes"));
    assert!(file.header("last-modified").is_some());
    let redirect = server.get("/sub");
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (307, Some("/sub/"))
    );
    server.get("/sub/").check(200, Some("text/html"), "<p>sub");
    server.get("/none").check(404, None, "");
    let range = server.send(
        "GET /a.txt HTTP/1.1\r\nhost: x\r\nrange: bytes=2-4\r\n",
        b"",
    );
    assert_eq!((range.status, &*range.text()), (206, "234"));
    assert_eq!(range.header("content-range"), Some("bytes 2-4/10"));
    let head = server.send("HEAD /a.txt HTTP/1.1\r\nhost: x\r\n", b"");
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("10"))
    );
    let put = server.send("DELETE /a.txt HTTP/1.1\r\nhost: x\r\n", b"");
    put.check(405, None, "");
    assert_eq!(put.header("allow"), Some("GET,HEAD"));
    assert_eq!(server.subscribe().head.status, 200);
}

#[test]
fn a_path_in_front_stays_in_redirects() {
    let (_directory, server) = with_files(&["-U", "/files/"]);
    server
        .get("/files/")
        .check(200, Some("text/html"), "<p>root");
    server
        .get("/files")
        .check(200, Some("text/html"), "<p>root");
    server
        .get("/files/a.txt")
        .check(200, Some("text/plain"), "0123456789");
    let redirect = server.get("/files/sub");
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (307, Some("/files/sub/"))
    );
    server.get("/a.txt").check(404, None, "");
    server.get("/files/none").check(404, None, "");
}

#[test]
fn no_path_leads_out_of_the_directory_or_to_an_error() {
    let (_directory, server) = with_files(&["-U", "/files"]);
    for path in [
        "/files/../../etc/passwd",
        "/files/%2e%2e/%2e%2e/etc/passwd",
        "/files/..%2f..%2fetc/passwd",
        "/files//etc/passwd",
        "/files/a.txt%00",
        "/files/%00",
    ] {
        server.get(path).check(404, None, "");
    }
}
