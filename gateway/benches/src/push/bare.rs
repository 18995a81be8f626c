//! The limit: the same messages by the same client, without a queue. A process of its own, as a
//! node is, with the settings of that node.

use std::{
    io,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use stagepoort::{
    config::Config,
    push::{
        AbonnementId, Afzender, Eindpunt, PushClient, PushStore, SystemLookup,
        message::{self, Bericht},
        open_push,
    },
};
use tokio::task::JoinSet;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The node's settings
    #[arg(long)]
    settings: PathBuf,
    /// Subscriptions, each with the number behind which its messages are sent: ID:NUMBER
    #[arg(required = true)]
    from: Vec<From>,
}

/// A subscription, and a number of it.
#[derive(Debug, Clone, Copy)]
struct From {
    abonnement: AbonnementId,
    na: u64,
}

impl FromStr for From {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':').ok_or("it must be ID:NUMBER")?;
        Ok(Self {
            abonnement: AbonnementId::parse(parts.0).ok_or("the id is no UUID")?,
            na: parts.1.parse().map_err(|_| "the number is none")?,
        })
    }
}

/// The messages of one endpoint that nobody has sent yet.
type Left = Arc<Mutex<std::vec::IntoIter<Bericht>>>;

/// Sends them all, as fast as they are taken.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| io::Error::other("another crypto provider is installed already"))?;
    let config = Config::load(&args.settings).map_err(io::Error::other)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(send(&config, &args.from))
}

async fn send(config: &Config, from: &[From]) -> io::Result<()> {
    let opslag = config.opslag.opslag().map_err(io::Error::other)?;
    let store = open_push(&opslag).await.map_err(io::Error::other)?;
    let mut all = Vec::new();
    for from in from {
        all.push(messages(config, &*store, *from).await?);
    }
    store.close().await;
    let client = PushClient::new(&config.push.client(&config.tls), Arc::new(SystemLookup))
        .map_err(io::Error::other)?;
    let mut tasks = JoinSet::new();
    for (eindpunt, berichten) in all {
        let left = Arc::new(Mutex::new(berichten.into_iter()));
        for _ in 0..config.push.gelijktijdig_per_eindpunt {
            tasks.spawn(post_all(
                client.clone(),
                eindpunt.clone(),
                Arc::clone(&left),
            ));
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(())
}

/// Where a subscription's messages go, and the messages as the node makes them.
async fn messages(
    config: &Config,
    store: &dyn PushStore,
    from: From,
) -> io::Result<(Eindpunt, Vec<Bericht>)> {
    let abonnement = store.abonnement(from.abonnement).await;
    let abonnement = abonnement
        .map_err(io::Error::other)?
        .ok_or_else(|| io::Error::other("there is no such subscription"))?;
    let text = abonnement.eindpunt.as_deref().unwrap_or_default();
    let eindpunt = Eindpunt::parse(text, &config.push.toegestane_netwerken);
    let afzender = Afzender {
        oin: config.api.oin,
        publieke_url: config.api.publieke_url.clone(),
    };
    let meldingen = store.meldingen(from.abonnement, from.na, u32::MAX).await;
    let meldingen = meldingen.map_err(io::Error::other)?;
    let berichten = meldingen
        .iter()
        .filter_map(|melding| melding.bericht(from.na, true))
        .map(|bericht| message::mutaties(&abonnement, &[bericht], &afzender));
    let berichten = berichten.collect::<Result<_, _>>()?;
    Ok((eindpunt.map_err(io::Error::other)?, berichten))
}

/// One after another, while there are any.
async fn post_all(client: PushClient, eindpunt: Eindpunt, left: Left) -> io::Result<()> {
    loop {
        let next = left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(bericht) = next else {
            return Ok(());
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(bericht.content_type));
        let id = HeaderValue::from_str(&bericht.id).map_err(io::Error::other)?;
        headers.insert("webhook-id", id);
        let answer = client.post(&eindpunt, headers, bericht.body).await;
        let status = answer.map_err(io::Error::other)?.status;
        if status != 204 {
            return Err(io::Error::other(format!("status {status}")));
        }
    }
}
