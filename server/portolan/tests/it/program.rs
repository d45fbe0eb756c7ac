//! The program in a process of its own, gone at the end of its test.

use std::process::{Output, Stdio};

use portolan_store::Config;
use portolan_store::testing::TestDatabase;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

pub struct Program {
    server: Child,
    /// What it was started with.
    arguments: Vec<String>,
    pub url: String,
    /// `--data-dir` and, on PostgreSQL, `--database`.
    data: Vec<String>,
    directory: tempfile::TempDir,
    pub client_id: String,
    pub client_secret: String,
    token: String,
}

fn command(arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
    command.args(arguments).env_clear().kill_on_drop(true);
    command
}

/// Starts a server and waits until it is ready.
async fn serve(arguments: &[String], log: Stdio) -> (Child, String) {
    let mut server = command(arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let ready = lines.next_line().await.unwrap().expect("the server says that it is ready");
    (server, ready.rsplit(' ').next().unwrap().to_owned())
}

impl Program {
    /// A server on the database, and a tenant.
    pub async fn start(database: &TestDatabase) -> Self {
        Self::start_with(database, &[]).await
    }

    /// The same, with more options of `serve`.
    pub async fn start_with(database: &TestDatabase, options: &[&str]) -> Self {
        Self::launch(database, options, Stdio::inherit()).await
    }

    /// The same, its log kept for [`Program::stop_and_read`].
    pub async fn start_logged(database: &TestDatabase, options: &[&str]) -> Self {
        Self::launch(database, options, Stdio::piped()).await
    }

    async fn launch(database: &TestDatabase, options: &[&str], log: Stdio) -> Self {
        Self::on(&database.config, options, log).await
    }

    /// A server on a database that is not one of the tests' own.
    pub async fn on(config: &Config, options: &[&str], log: Stdio) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut data = Vec::new();
        match config {
            Config::Sqlite { directory } => {
                data.extend(["--data-dir".into(), directory.display().to_string()])
            }
            Config::Postgres { url, .. } => {
                let own = directory.path().display().to_string();
                data.extend(["--database".into(), url.clone(), "--data-dir".into(), own]);
            }
        }
        let mut arguments: Vec<String> =
            ["serve", "--listen", "127.0.0.1:0", "--outbound-allow", "127.0.0.0/8"].map(Into::into).into();
        arguments.extend(data.clone());
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        let (server, url) = serve(&arguments, log).await;
        let mut create: Vec<String> =
            ["tenant", "create", "acme", "--admin-email", "a@acme.example", "--json"].map(Into::into).into();
        create.extend(data.clone());
        let made = command(&create).output().await.unwrap();
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        let mut program = Self {
            server,
            arguments,
            url,
            data,
            directory,
            client_id: text("clientId"),
            client_secret: text("clientSecret"),
            token: String::new(),
        };
        let body = json!({"clientId": program.client_id, "clientSecret": program.client_secret});
        let answer = program.post("/v1/auth/access_token", &body).await;
        program.token = answer["accessToken"].as_str().unwrap().to_owned();
        program
    }

    /// The administrator's.
    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// A command that talks to the server.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[]).await
    }

    /// The same, with more of an environment.
    pub async fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        command(&arguments)
            .envs(environment.iter().copied())
            .env("PORTOLAN_URL", &self.url)
            .env("PORTOLAN_CLIENT_ID", &self.client_id)
            .env("PORTOLAN_CLIENT_SECRET", &self.client_secret)
            .output()
            .await
            .unwrap()
    }

    /// A command on the machine that has the database.
    pub async fn host(&self, arguments: &[&str]) -> Output {
        let mut arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        arguments.extend(self.data.clone());
        command(&arguments).output().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let request =
            reqwest::Client::new().post(format!("{}{path}", self.url)).bearer_auth(&self.token).json(body);
        request.send().await.unwrap().json().await.unwrap()
    }

    pub async fn catalog(&self, query: &str) -> Value {
        let answer = self.post("/graphql", &json!({"query": query})).await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    }

    pub async fn platform(&self, query: &str, variables: Value) -> Value {
        let answer = self.post("/api/graphql", &json!({"query": query, "variables": variables})).await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    }

    /// Kills the server in the middle of whatever it does.
    pub async fn kill(&mut self) {
        self.server.start_kill().unwrap();
        self.server.wait().await.unwrap();
    }

    /// Starts it again where it was, with the options that `keep` keeps.
    pub async fn restart(&mut self, keep: impl Fn(&str) -> bool) {
        let at = self.url.rsplit('/').next().unwrap().to_owned();
        let mut arguments: Vec<String> = self.arguments.iter().filter(|one| keep(one)).cloned().collect();
        let listen = arguments.iter().position(|one| one == "--listen").unwrap();
        arguments[listen + 1] = at;
        (self.server, self.url) = serve(&arguments, Stdio::inherit()).await;
    }

    /// Starts it again as it was.
    pub async fn start_again(&mut self) {
        self.restart(|_| true).await;
    }

    /// Stops the server and answers what it logged.
    pub async fn stop_and_read(mut self) -> String {
        let mut log = self.server.stderr.take().unwrap();
        let mut text = String::new();
        let (_, read) = tokio::join!(self.stop(), log.read_to_string(&mut text));
        read.unwrap();
        text
    }

    /// Stops the server as an operator would, and answers how long it took.
    pub async fn stop(mut self) -> std::time::Duration {
        let began = std::time::Instant::now();
        let id = self.server.id().unwrap().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(told.success());
        let status = self.server.wait().await.unwrap();
        assert!(status.success(), "{status}");
        began.elapsed()
    }
}
