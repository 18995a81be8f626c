//! `stagepoort luister`: for an integrator behind a firewall, follows the mutaties of a subscription
//! by long-poll and forwards each to a local address, as a webhook would get it.

mod ontvanger;
mod poort;
mod stand;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use reqwest::Url;

use self::{
    ontvanger::{Ontvanger, Ontvangst},
    poort::{Blad, Mutatie, Poort, PoortError},
    stand::Stand,
};
use super::{EXIT_FAILED, abonnement_id, fail, oin, runtime, say};
use crate::{
    app::until_told_to_stop,
    domain::Oin,
    push::{AbonnementId, Geheim, MAX_PER_BERICHT, feed::VERVALLEN, message::Gemeld, private_file},
    telemetry::chain,
};

/// The gateway refuses: an unknown subscription, no mandate, a wrong certificate.
const EXIT_REFUSED: u8 = 3;
/// The feed no longer has what follows.
const EXIT_GONE: u8 = 4;
/// The receiver said 410.
const EXIT_STOPPED: u8 = 5;

/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
#[command(after_help = "\
Each mutatie is posted as the CloudEvent that a webhook gets, with the headers of Standard Webhooks; \
with --per-bericht above 1 as a list. It is signed with the secret in --geheim-bestand (whsec_ and the \
base64 of 24 to 64 bytes, readable by you alone), which your receiver knows; without it there is no \
webhook-signature. Forwarded is in order, one message at a time, until the receiver answers 2xx: what \
fails is tried again after 1 s, 2 s, 4 s and so on up to 60 s, with the same webhook-id. A receiver sees \
a message twice when its answer got lost: it must drop what it has by mutatieId.\n\n\
The position is kept in --stand after every message, so that it goes on where it was. Without one it \
begins where the feed begins. A subscription with kanaal POLL needs no endpoint; reading on \
confirms.\n\n\
Exit codes: 0 stopped as told (SIGTERM, Ctrl-C); 1 a file or address cannot be used; 2 wrong arguments; \
3 the gateway refuses, such as an unknown subscription; 4 the feed no longer has what follows the \
position: check what was missed, and begin anew with --vanaf; 5 the receiver answered 410.")]
pub(super) struct LuisterArgs {
    /// Base URL of the gateway, such as `https://stagepoort.example`
    #[arg(long, value_name = "URL", value_parser = https_url)]
    api: Url,
    /// Which subscription
    #[arg(long, value_name = "UUID", value_parser = abonnement_id)]
    abonnement: AbonnementId,
    /// The school on whose behalf it asks; needed with a mandate of several
    #[arg(long, value_name = "OIN", value_parser = oin)]
    school: Option<Oin>,
    /// Certificates, PEM, of the authorities that the gateway is trusted by; those of the system
    /// without
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Client certificate with its chain, PEM
    #[arg(long, value_name = "FILE")]
    certificaat: PathBuf,
    /// Its private key, PEM, readable by you alone
    #[arg(long, value_name = "FILE")]
    sleutel: PathBuf,
    /// Where to forward to, http or https
    #[arg(long, value_name = "URL", value_parser = http_url)]
    doorsturen: Url,
    /// Certificates, PEM, of the authorities that the receiver is trusted by; those of the system
    /// without
    #[arg(long, value_name = "FILE")]
    doorsturen_ca: Option<PathBuf>,
    /// The secret to sign with
    #[arg(long, value_name = "FILE")]
    geheim_bestand: Option<PathBuf>,
    /// Most mutaties in one message, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_PER_BERICHT)))]
    per_bericht: u16,
    /// Where the position is kept; luister-UUID.json without
    #[arg(long, value_name = "FILE")]
    stand: Option<PathBuf>,
    /// Begin at this number, whatever the position says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    vanaf: Option<u64>,
}

fn https_url(text: &str) -> Result<Url, String> {
    url(text, &["https"])
}

fn http_url(text: &str) -> Result<Url, String> {
    url(text, &["http", "https"])
}

fn url(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if schemes.contains(&url.scheme()) && url.has_host() {
        Ok(url)
    } else {
        Err(format!("give a whole {} address", schemes.join(" or ")))
    }
}

pub(super) fn run(args: LuisterArgs) -> ExitCode {
    runtime(async move {
        let ended = tokio::select! {
            () = until_told_to_stop() => return ExitCode::SUCCESS,
            ended = follow(&args) => ended,
        };
        let code = match &ended {
            Einde::Onbruikbaar(_) => EXIT_FAILED,
            Einde::Geweigerd(_) => EXIT_REFUSED,
            Einde::Verlopen(_) => EXIT_GONE,
            Einde::Gestopt => EXIT_STOPPED,
        };
        warn(ended.reason());
        ExitCode::from(code)
    })
}

/// Why it ended by itself.
enum Einde {
    Onbruikbaar(String),
    Geweigerd(String),
    Verlopen(String),
    Gestopt,
}

impl Einde {
    fn reason(&self) -> &str {
        match self {
            Self::Onbruikbaar(reason) | Self::Geweigerd(reason) | Self::Verlopen(reason) => reason,
            Self::Gestopt => "the receiver answered 410: nothing is forwarded any more",
        }
    }

    fn unusable(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Onbruikbaar(chain(error))
    }
}

/// Forwards until something ends it.
async fn follow(args: &LuisterArgs) -> Einde {
    match try_follow(args).await {
        Ok(never) => match never {},
        Err(einde) => einde,
    }
}

async fn try_follow(args: &LuisterArgs) -> Result<std::convert::Infallible, Einde> {
    let poort = Poort::new(args).map_err(|error| Einde::unusable(&error))?;
    let geheim = args.geheim_bestand.as_deref().map(geheim).transpose()?;
    let mut stand = Stand::open(args).map_err(|error| Einde::unusable(&error))?;
    let mut pauze = Pauze::default();
    let afzender = loop {
        match poort.afzender().await {
            Ok(afzender) => break afzender,
            Err(error) => pauze.after(error).await?,
        }
    };
    let ontvanger =
        Ontvanger::new(args, afzender, geheim).map_err(|error| Einde::unusable(&error))?;
    say(format_args!(
        "following {} behind {}, forwarding to {}",
        args.abonnement,
        stand.na(),
        args.doorsturen
    ));
    let mut pauze = Pauze::default();
    loop {
        let blad = match poort.mutaties(stand.na()).await {
            Ok(blad) => blad,
            Err(PoortError::Verlopen(stroom)) if stand.is_new() => {
                say(format_args!("the feed begins at {}", stroom.oudste));
                stand.begin_behind(stroom.oudste.saturating_sub(1));
                continue;
            }
            Err(error) => {
                pauze.after(error).await?;
                continue;
            }
        };
        pauze = Pauze::default();
        forward(&blad, &ontvanger, &mut stand, args.per_bericht).await?;
    }
}

/// Forwards a page, message by message, each until it was taken.
async fn forward(
    blad: &Blad,
    ontvanger: &Ontvanger,
    stand: &mut Stand,
    per_bericht: u16,
) -> Result<(), Einde> {
    // A marker stands for what is not told: a webhook would not get it either.
    let parts = blad.mutaties.chunk_by(|a, b| is_marker(a) == is_marker(b));
    for part in parts {
        for some in part.chunks(usize::from(per_bericht)) {
            if !some.first().is_some_and(is_marker) {
                deliver(some, ontvanger, per_bericht > 1).await?;
            }
            let Some(last) = some.last() else { continue };
            stand
                .keep(last.volgnummer)
                .map_err(|error| Einde::unusable(&error))?;
        }
    }
    Ok(())
}

fn is_marker(mutatie: &Mutatie) -> bool {
    mutatie.mutatie_soort == VERVALLEN
}

async fn deliver(some: &[Mutatie], ontvanger: &Ontvanger, batch: bool) -> Result<(), Einde> {
    let gemeld: Vec<_> = some
        .iter()
        .map(|mutatie| Gemeld {
            mutatie_id: mutatie.mutatie_id,
            mutatie_soort: &mutatie.mutatie_soort,
            leerbedrijf_id: mutatie.leerbedrijf_id,
            geregistreerd_op: mutatie.geregistreerd_op,
            volgnummer: mutatie.volgnummer,
            data: &*mutatie.heel,
        })
        .collect();
    let bericht = ontvanger
        .bericht(&gemeld, batch)
        .map_err(|error| Einde::unusable(&error))?;
    let mut pauze = Pauze::default();
    loop {
        let ontvangst = ontvanger.post(&bericht).await;
        match ontvangst {
            Ontvangst::Aangenomen(status) => {
                for mutatie in some {
                    say(format_args!(
                        "{} {} {}: HTTP {status}",
                        mutatie.volgnummer, mutatie.mutatie_soort, mutatie.leerbedrijf_id
                    ));
                }
                return Ok(());
            }
            Ontvangst::Weg => return Err(Einde::Gestopt),
            Ontvangst::Mislukt { reden, opnieuw_na } => pauze.wait(&reden, opnieuw_na).await,
        }
    }
}

/// Longer with every failure in a row.
struct Pauze(Duration);

impl Default for Pauze {
    fn default() -> Self {
        Self(PAUSE)
    }
}

impl Pauze {
    /// Waits, when the same may go well later; otherwise it is the end.
    async fn after(&mut self, error: PoortError) -> Result<(), Einde> {
        match error {
            PoortError::Even { reden, opnieuw_na } => {
                self.wait(&reden, opnieuw_na).await;
                Ok(())
            }
            PoortError::Geweigerd(reden) => Err(Einde::Geweigerd(reden)),
            PoortError::Verlopen(stroom) => Err(Einde::Verlopen(format!(
                "the feed no longer has what follows this position: it runs from {} to {}",
                stroom.oudste, stroom.laatste
            ))),
        }
    }

    async fn wait(&mut self, reden: &str, opnieuw_na: Option<Duration>) {
        let pause = opnieuw_na.map_or(self.0, |asked| asked.clamp(PAUSE, MAX_PAUSE));
        warn(format_args!("{reden}; again in {} s", pause.as_secs()));
        tokio::time::sleep(pause).await;
        self.0 = (self.0 * 2).min(MAX_PAUSE);
    }
}

fn geheim(path: &std::path::Path) -> Result<Geheim, Einde> {
    let bytes = private_file::read(path).map_err(|error| Einde::unusable(&error))?;
    let text = str::from_utf8(&bytes).unwrap_or_default();
    Geheim::parse(text).map_err(|error| Einde::Onbruikbaar(format!("{}: {error}", path.display())))
}

/// Says on standard error what is the matter.
fn warn(what: impl std::fmt::Display) {
    let _ = fail(what);
}
