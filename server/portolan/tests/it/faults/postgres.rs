//! A PostgreSQL server of a test's own, to be stopped and started.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Postgres {
    directory: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
    server: Option<Child>,
}

/// Where the server's programs are: on the path, or the newest of Debian's packages.
fn programs() -> PathBuf {
    let find =
        "dirname \"$(command -v initdb || find /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)\"";
    let found = Command::new("bash").args(["-c", find]).output().unwrap();
    let found = PathBuf::from(String::from_utf8(found.stdout).unwrap().trim());
    assert!(found.join("postgres").exists(), "needs a PostgreSQL server; run `make test`");
    found
}

/// The server refuses to run as root.
fn command(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = Command::new("setpriv");
    if root {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "QUIT"]).arg(program).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl Postgres {
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("portolan-pg").tempdir_in("/tmp").unwrap();
        // Only where this runs as root is it somebody else's.
        drop(Command::new("chown").arg("postgres").arg(directory.path()).stderr(Stdio::null()).status());
        let programs = programs();
        let made = command(&programs.join("initdb"))
            .arg("-D")
            .arg(directory.path().join("cluster"))
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
            .status()
            .unwrap();
        assert!(made.success(), "initdb: {made}");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut own = Self { directory, programs, port, server: None };
        own.start();
        own
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub fn start(&mut self) {
        let server = command(&self.programs.join("postgres"))
            .arg("-D")
            .arg(self.directory.path().join("cluster"))
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c"])
            .arg(format!("unix_socket_directories={}", self.directory.path().display()))
            .spawn()
            .unwrap();
        self.server = Some(server);
        let began = Instant::now();
        let beside = self.programs.join("pg_isready");
        let ready = || {
            let asked =
                Command::new(if beside.exists() { beside.as_path() } else { Path::new("pg_isready") })
                    .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
                    .stdout(Stdio::null())
                    .status();
            asked.is_ok_and(|status| status.success())
        };
        while !ready() {
            assert!(began.elapsed() < Duration::from_secs(60), "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// As an operator would: clients are cut off, what is committed is kept.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let told = Command::new("kill").args(["-INT", &server.id().to_string()]).status().unwrap();
        assert!(told.success());
        server.wait().unwrap();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}
