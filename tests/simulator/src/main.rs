//! The simulator as a program.

use hyperbolic_simulator::{Certificate, Options, Script, Simulator, Tier, TlsVersion};
use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
A local server that speaks Hyperbolic's text-generation API, with canned answers and faults on request.

hyperbolic-simulator [options]
  --host ADDRESS         listen on this address (127.0.0.1)
  --port PORT            listen on this port; 0 takes one that is free (0)
  --tier none|basic|pro  rate limits: none, 60 or 600 requests a minute and key (none)
  --minute-ms N          length of that minute (60000)
  --key KEY              accept this key only; may be repeated
  --faults SCRIPT        for requests that bring no script of their own; its README has the grammar
  --tls                  speak TLS, and HTTP/2 with clients that offer it
  --tls12, --tls13       speak this version of TLS only
  --certificate WHAT     of TLS: expired, wrong-host or self-signed
  --max-streams N        of HTTP/2, on one connection at once (200)
  --idle-ms N            close connections that have been idle for so long
  --ca-out FILE          write the certificate authority of --tls to FILE, in PEM
  --until-stdin-closes   end when standard input does
  --help                 print this

Prints two lines when it is ready, the API's address and that of the control routes alone:
listening on http://ADDRESS:PORT
control on http://ADDRESS:PORT
";

/// What the command line asks for.
struct Arguments {
    options: Options,
    faults: Option<Script>,
    ca_out: Option<String>,
    until_stdin_closes: bool,
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("hyperbolic-simulator: {message}");
            ExitCode::from(2)
        }
    }
}

/// `Ok(None)` if help was all that was asked for.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut options = Options::default();
    let mut faults = None;
    let mut ca_out = None;
    let mut until_stdin_closes = false;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let bad = |value: &str| format!("{argument} cannot be {value}");
        match argument.as_str() {
            "--host" => options.host = value().and_then(|host| host.parse().map_err(|_| bad(&host)))?,
            "--port" => options.port = value().and_then(|port| port.parse().map_err(|_| bad(&port)))?,
            "--tier" => options.tier = value().and_then(|name| tier(&name).ok_or_else(|| bad(&name)))?,
            "--minute-ms" => {
                options.minute = value().and_then(|n| milliseconds(&n).ok_or_else(|| bad(&n)))?;
            }
            "--idle-ms" => {
                options.idle = Some(value().and_then(|n| milliseconds(&n).ok_or_else(|| bad(&n)))?);
            }
            "--max-streams" => {
                options.max_streams = Some(value().and_then(|n| n.parse().map_err(|_| bad(&n)))?);
            }
            "--tls12" => options.tls_version = Some(TlsVersion::Tls12),
            "--tls13" => options.tls_version = Some(TlsVersion::Tls13),
            "--certificate" => {
                options.certificate =
                    value().and_then(|what| certificate(&what).ok_or_else(|| bad(&what)))?;
            }
            "--key" => options.keys.push(value()?),
            "--faults" => {
                faults = Some(value().and_then(|text| Script::parse(&text).map_err(|_| bad(&text)))?)
            }
            "--tls" => options.tls = true,
            "--ca-out" => ca_out = Some(value()?),
            "--until-stdin-closes" => until_stdin_closes = true,
            "--help" => return Ok(None),
            other => return Err(format!("unknown option {other}; --help lists them")),
        }
    }
    let of_tls = options.tls_version.is_some() || options.certificate != Certificate::Good;
    if of_tls && !options.tls {
        return Err("--tls12, --tls13 and --certificate need --tls".to_owned());
    }
    Ok(Some(Arguments { options, faults, ca_out, until_stdin_closes }))
}

fn milliseconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_millis)
}

fn certificate(what: &str) -> Option<Certificate> {
    match what {
        "expired" => Some(Certificate::Expired),
        "wrong-host" => Some(Certificate::WrongHost),
        "self-signed" => Some(Certificate::SelfSigned),
        _ => None,
    }
}

fn tier(name: &str) -> Option<Tier> {
    match name {
        "none" => Some(Tier::None),
        "basic" => Some(Tier::Basic),
        "pro" => Some(Tier::Pro),
        _ => None,
    }
}

fn run(arguments: Option<Arguments>) -> Result<(), String> {
    let Some(arguments) = arguments else { return print(HELP) };
    let simulator = Simulator::start(arguments.options).map_err(|error| format!("cannot start: {error}"))?;
    if let Some(faults) = arguments.faults {
        simulator.set_faults(faults);
    }
    if let Some(path) = arguments.ca_out {
        let pem = simulator.ca_pem().ok_or("--ca-out needs --tls")?;
        fs::write(&path, pem).map_err(|error| format!("cannot write {path}: {error}"))?;
    }
    print(&format!("listening on {}\ncontrol on {}\n", simulator.url(), simulator.control_url()))?;
    if arguments.until_stdin_closes {
        // What is typed means nothing; an error is an end too.
        let _ = io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink());
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())
}
