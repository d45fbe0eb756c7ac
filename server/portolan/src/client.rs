//! Talking to a server as a program does: a token, then JSON.

use portolan_schema::{Code, Error, Result};
use serde_json::{Value, json};

use crate::cli::ServerOptions;

pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    /// Signs in.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses the credential.
    pub async fn connect(server: &ServerOptions) -> Result<Self> {
        let http = reqwest::Client::builder().build().map_err(Error::internal)?;
        let url = server.url.trim_end_matches('/').to_owned();
        let mut client = Self { http, url, token: String::new() };
        let body = json!({"clientId": server.client_id, "clientSecret": server.client_secret});
        let answer = client.send(reqwest::Method::POST, "/v1/auth/access_token", &body).await?;
        client.token = answer.1["accessToken"].as_str().unwrap_or_default().to_owned();
        Ok(client)
    }

    /// Sends a request and answers the status and body, whatever they are.
    ///
    /// # Errors
    /// Where no answer came, or the token is refused.
    pub async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Result<(u16, Value)> {
        let request =
            self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token).json(body);
        let answer = request
            .send()
            .await
            .map_err(|error| Error::unavailable(format!("{} cannot be reached: {error}", self.url)))?;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.map_err(Error::internal)?;
        if status == 401 {
            let message = body["message"].as_str().unwrap_or("the credential was refused");
            return Err(Error::problem(Code::Unauthenticated, message));
        }
        Ok((status, body))
    }

    /// Begins to read an answer of any length.
    ///
    /// # Errors
    /// Where no answer came, or the request is refused.
    pub async fn read(&self, path: &str) -> Result<reqwest::Response> {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer = request.send().await;
        let answer =
            answer.map_err(|error| Error::unavailable(format!("{} cannot be reached: {error}", self.url)))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        let message = body["message"].as_str().unwrap_or("the request was refused");
        Err(Error::problem(Code::BadRequest, format!("{path}: {status}: {message}")))
    }

    /// Asks the platform API.
    ///
    /// # Errors
    /// Where the query itself is refused; mistakes in the input are in the answer.
    pub async fn ask(&self, query: &str, variables: &Value) -> Result<Value> {
        let body = json!({"query": query, "variables": variables});
        let (_, mut answer) = self.send(reqwest::Method::POST, "/api/graphql", &body).await?;
        match answer["errors"][0]["message"].as_str() {
            Some(message) => Err(Error::problem(Code::BadRequest, message)),
            None => Ok(answer["data"].take()),
        }
    }
}
