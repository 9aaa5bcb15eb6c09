//! The program around the server.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

fn spawn(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hyperbolic-simulator"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn says_where_it_listens_and_ends_with_its_input() {
    let mut child = spawn(&["--until-stdin-closes", "--key", "a", "--tier", "pro", "--minute-ms", "5"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on http://").unwrap();
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.write_all(b"GET /v1/models HTTP/1.0\r\nauthorization: Bearer a\r\n\r\n").unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    line.clear();
    out.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("control on http://").unwrap();
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.write_all(b"GET /simulator/wait?finished=1&open-at-most=0 HTTP/1.0\r\n\r\n").unwrap();
    answer.clear();
    tcp.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\"connections\":1,"), "{answer}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    line.clear();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "");
}

#[test]
fn writes_its_authority() {
    let path = format!("{}/simulator-ca.pem", env!("CARGO_TARGET_TMPDIR"));
    let mut child = spawn(&[
        "--until-stdin-closes",
        "--tls",
        "--ca-out",
        &path,
        "--host",
        "127.0.0.2",
        "--tls13",
        "--certificate",
        "self-signed",
        "--max-streams",
        "9",
        "--idle-ms",
        "1000",
    ]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("listening on https://127.0.0.2:"), "{line}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn refuses_what_it_does_not_know() {
    for (arguments, named) in [
        (&["--prot", "1"][..], "--prot"),
        (&["--port"], "--port needs a value"),
        (&["--port", "70000"], "--port cannot be 70000"),
        (&["--tier", "gold"], "--tier cannot be gold"),
        (&["--certificate", "odd"], "--certificate cannot be odd"),
        (&["--certificate", "expired"], "need --tls"),
        (&["--tls12"], "need --tls"),
        (&["--max-streams", "-1"], "--max-streams cannot be -1"),
        (&["--idle-ms", "x"], "--idle-ms cannot be x"),
        (&["--ca-out", "x"], "--ca-out needs --tls"),
    ] {
        let output = spawn(arguments).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(named), "{arguments:?}");
    }
    let output = spawn(&["--help"]).wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.ends_with(b"control on http://ADDRESS:PORT\n"));
}
