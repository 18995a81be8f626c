//! How often an afnemer asked what for a school: its own figures, to plan batches by and to find what
//! goes wrong.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Bevinding, Context, Kop, natrekken_erkenning::parse_datum};
use crate::{
    audit::{Gebruik, Gebruiksteller},
    domain::{Datum, Signaalcode},
    telemetry::chain,
};

/// The most days of one question: a month.
pub const MAX_DAGEN: i32 = 31;

/// More rows than a month of one school can have: days, operations and codes are from closed lists.
const MAX_REGELS: u32 = 20_000;

/// How long the database may take.
const WACHT: Duration = Duration::from_secs(5);

/// Which days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The first.
    pub vanaf: Option<String>,
    /// The last, inclusive.
    pub tot: Option<String>,
    /// See [`crate::operations::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// The figures of the caller, for its school.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OpvragenGebruikAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// De aantallen, op dag, operatie en code.
    pub regels: Vec<GebruikRegel>,
}

/// How often something was asked on one day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GebruikRegel)]
pub struct GebruikRegel {
    /// De dag, in Nederlandse tijd.
    #[schema(value_type = String, format = Date, example = "2026-11-22")]
    pub dag: Datum,
    /// De operatie, over SOAP en REST samen.
    #[schema(example = "natrekkenErkenning")]
    pub operatie: String,
    /// De signaalcode van het antwoord, of de code van het probleem of de fault.
    #[schema(example = "0")]
    pub code: String,
    /// Hoe vaak.
    #[schema(example = 1042)]
    pub aantal: u64,
}

/// The figures cannot be had now: the database is away, or did not answer in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("het gebruik is even niet op te vragen; dezelfde vraag mag opnieuw")]
pub struct GeenGebruik;

/// Answers from what was added up to the last minute.
///
/// # Errors
/// [`GeenGebruik`].
pub async fn run(
    ctx: &Context<'_>,
    teller: &Gebruiksteller,
    request: &Request,
) -> Result<Answer<Response>, GeenGebruik> {
    let dagen = match dagen(request) {
        Ok(dagen) => dagen,
        Err(bevindingen) => {
            let first = bevindingen.first().map(|one| one.signaalcode);
            let code = first.unwrap_or(Signaalcode::DatumOngeldig);
            return Ok(Answer::with(response(ctx, code, Vec::new()), bevindingen));
        }
    };
    let found = ask(ctx, teller, dagen).await?;
    let code = if found.is_empty() {
        Signaalcode::GeenResultaat
    } else {
        Signaalcode::GeenBijzonderheden
    };
    let regels = found.into_iter().map(|one| GebruikRegel {
        dag: one.dag,
        operatie: one.operatie,
        code: one.uitkomst,
        aantal: one.aantal,
    });
    Ok(Answer::clean(response(ctx, code, regels.collect())))
}

fn response(ctx: &Context<'_>, code: Signaalcode, regels: Vec<GebruikRegel>) -> Response {
    Response {
        kop: Kop::new(&ctx.view, code),
        regels,
    }
}

fn dagen(request: &Request) -> Result<(Datum, Datum), Vec<Bevinding>> {
    let vanaf = parse_datum("vanaf", request.vanaf.as_deref());
    let tot = parse_datum("tot", request.tot.as_deref());
    let (vanaf, tot) = match (vanaf, tot) {
        (Ok(vanaf), Ok(tot)) => (vanaf, tot),
        (vanaf, tot) => return Err([vanaf.err(), tot.err()].into_iter().flatten().collect()),
    };
    if (0..MAX_DAGEN).contains(&tot.days_after(vanaf)) {
        return Ok((vanaf, tot));
    }
    Err(vec![Bevinding {
        veld: "tot",
        signaalcode: Signaalcode::DatumBuitenBereik,
        uitleg: format!("geef een dag op of na vanaf, en samen hoogstens {MAX_DAGEN} dagen").into(),
    }])
}

async fn ask(
    ctx: &Context<'_>,
    teller: &Gebruiksteller,
    dagen: (Datum, Datum),
) -> Result<Vec<Gebruik>, GeenGebruik> {
    let open = teller.open().ok_or(GeenGebruik)?;
    let store = Arc::clone(open.store());
    let (afnemer, school) = (ctx.caller.afnemer_oin, ctx.caller.school_oin);
    let asking = async move {
        store
            .gebruik(afnemer, Some(school), dagen, MAX_REGELS)
            .await
    };
    let reason = match tokio::time::timeout(WACHT, open.runtime().spawn(asking)).await {
        Ok(Ok(Ok(found))) => return Ok(found),
        Ok(Ok(Err(error))) => chain(&error),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the database took too long".to_owned(),
    };
    tracing::error!(reason, "counts of requests could not be asked for");
    Err(GeenGebruik)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_may_be_asked_for_and_every_mistake_is_named() {
        let check = |vanaf: &str, tot: &str, expect: &[(&str, Signaalcode)]| {
            let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let request = Request {
                vanaf: given(vanaf),
                tot: given(tot),
                ..Request::default()
            };
            let found: Vec<_> = match dagen(&request) {
                Ok(_) => Vec::new(),
                Err(all) => all.iter().map(|one| (one.veld, one.signaalcode)).collect(),
            };
            assert_eq!(found, expect, "{vanaf} {tot}");
        };
        check("2026-11-01", "2026-11-01", &[]);
        check("2026-10-01", "2026-10-31", &[]);
        let buiten = ("tot", Signaalcode::DatumBuitenBereik);
        check("2026-10-01", "2026-11-01", &[buiten]);
        check("2026-11-02", "2026-11-01", &[buiten]);
        let ongeldig = |veld| (veld, Signaalcode::DatumOngeldig);
        check("", "gisteren", &[ongeldig("vanaf"), ongeldig("tot")]);
    }
}
