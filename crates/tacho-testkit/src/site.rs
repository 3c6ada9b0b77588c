//! A site on the loopback, over TLS, for an agent that fetches pages: each says its own path. So a marker in the path selects
//! the script of the model that reads the page.

use anyhow::Result;

use crate::http::{HttpServer, Reply, Request};
use crate::tls::{Clients, TlsFront};

/// A running site.
pub struct Site {
    front: TlsFront,
    _server: HttpServer,
}

impl Site {
    /// Starts it on a free port. Its front ends with the process.
    pub fn start() -> Result<Self> {
        let server = HttpServer::start(Box::new(|request| page(&request)))?;
        let front = TlsFront::start(server.address(), Clients::All)?;
        Ok(Self { front, _server: server })
    }

    /// Where it is, without a slash at the end. Its certificate is one of [`crate::tls::certificate`].
    pub fn url(&self) -> String {
        self.front.url()
    }
}

fn page(request: &Request) -> Reply {
    let body = format!("A page at {}", request.path);
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    Reply::Whole { status: 200, headers, body: body.into_bytes() }
}
