//! A receiver over plain HTTP that keeps what comes and answers as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    web::{self, Bytes, Data},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A message as it came.
#[derive(Debug, Clone)]
pub(crate) struct Gekregen {
    pub(crate) content_type: String,
    pub(crate) id: String,
    pub(crate) timestamp_s: i64,
    pub(crate) signature: Option<String>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Ontvanger {
    pub(crate) address: SocketAddr,
    came: UnboundedReceiver<Gekregen>,
    answers: Arc<Mutex<VecDeque<u16>>>,
    server: ServerHandle,
}

struct Inside {
    came: UnboundedSender<Gekregen>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Ontvanger {
    pub(crate) fn start() -> Self {
        let (sender, came) = unbounded_channel();
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let inside = Data::new(Inside {
            came: sender,
            answers: Arc::clone(&answers),
        });
        let app = move || {
            App::new()
                .app_data(inside.clone())
                .route("/mutaties", web::post().to(take))
        };
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            address,
            came,
            answers,
            server: handle,
        }
    }

    /// What it answers next, one by one; 204 after that.
    pub(crate) fn answers(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Gekregen {
        self.came.recv().await.unwrap()
    }

    /// Whether something came that nobody took.
    pub(crate) fn is_empty(&self) -> bool {
        self.came.is_empty()
    }

    pub(crate) async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn take(request: HttpRequest, body: Bytes, inside: Data<Inside>) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let gekregen = Gekregen {
        content_type: header("content-type").unwrap(),
        id: header("webhook-id").unwrap(),
        timestamp_s: header("webhook-timestamp").unwrap().parse().unwrap(),
        signature: header("webhook-signature"),
        body: body.to_vec(),
    };
    let status = inside.answers.lock().unwrap().pop_front().unwrap_or(204);
    // The test may be over.
    drop(inside.came.send(gekregen));
    HttpResponse::new(StatusCode::from_u16(status).unwrap())
}
