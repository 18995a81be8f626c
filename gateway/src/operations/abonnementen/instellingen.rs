//! What a subscriber asks for, from the fields as they came (domain rule 2).

use serde::Serialize;

use crate::{
    domain::{Code, MutatieSoort, Signaalcode, redacted_debug},
    operations::{Bevinding, natrekken_erkenning::parse_code, number, ongeldig, present},
    push::{Eindpunt, Geheim, Kanaal, MAX_PER_BERICHT, Voorwaarden},
};

/// The fields that aanmelden and wijzigen share, as they came.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Instellingen {
    /// By which way.
    pub kanaal: Option<String>,
    /// Where messages go.
    pub eindpunt: Option<String>,
    /// Only these; at most [`super::MAX_SOORTEN`], which the transport keeps.
    pub mutatie_soorten: Vec<String>,
    /// Only these; at most [`super::MAX_CODES`], which the transport keeps.
    pub codes: Vec<String>,
    /// What messages are signed with.
    pub geheim: Option<String>,
    /// The most mutaties in a message.
    pub per_bericht: Option<String>,
    /// Also sign with the gateway's own key.
    pub ed25519: Option<bool>,
}

/// Them, understood.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wens {
    pub(super) kanaal: Kanaal,
    pub(super) eindpunt: Option<String>,
    pub(super) mutatie_soorten: Vec<MutatieSoort>,
    pub(super) codes: Vec<Code>,
    pub(super) geheim: Option<Geheim>,
    pub(super) per_bericht: u16,
    pub(super) ed25519: bool,
}

redacted_debug!(Instellingen, Wens);

impl Instellingen {
    /// # Errors
    /// All that is wrong with the fields, or with what they mean together.
    pub(super) fn parse(&self, voorwaarden: &Voorwaarden) -> Result<Wens, Vec<Bevinding>> {
        let mut wrong = Vec::new();
        let mut keep = |bevinding| wrong.push(bevinding);
        let kanaal = kanaal(self.kanaal.as_deref()).map_err(&mut keep).ok();
        let eindpunt = present(self.eindpunt.as_deref()).and_then(|text| {
            Eindpunt::parse(text, &voorwaarden.netwerken)
                .map_err(|error| keep(ongeldig("eindpunt", bare(&error, "eindpunt"))))
                .ok()
        });
        let geheim = present(self.geheim.as_deref()).and_then(|text| {
            Geheim::parse(text)
                .map_err(|error| keep(ongeldig("geheim", bare(&error, "geheim"))))
                .ok()
        });
        let mutatie_soorten = all(&self.mutatie_soorten, soort, &mut keep);
        let codes = all(&self.codes, code, &mut keep);
        let most = u64::from(MAX_PER_BERICHT);
        let per_bericht = number("perBericht", self.per_bericht.as_deref(), 1, most)
            .map_err(&mut keep)
            .ok()
            .flatten();
        let ed25519 = self.ed25519.unwrap_or(false);
        if let Some(kanaal) = kanaal {
            let has_sleutel = voorwaarden.openbare_sleutel.is_some();
            self.together(kanaal, per_bericht, has_sleutel)
                .for_each(&mut keep);
        }
        match kanaal {
            Some(kanaal) if wrong.is_empty() => Ok(Wens {
                kanaal,
                eindpunt: eindpunt.map(|eindpunt| eindpunt.to_string()),
                mutatie_soorten,
                codes,
                geheim,
                // It was read as at most `MAX_PER_BERICHT`.
                per_bericht: per_bericht.map_or(1, |n| u16::try_from(n).unwrap_or(MAX_PER_BERICHT)),
                ed25519,
            }),
            _ => Err(wrong),
        }
    }

    /// What does not go together with the kanaal.
    fn together(
        &self,
        kanaal: Kanaal,
        per_bericht: Option<u64>,
        has_sleutel: bool,
    ) -> impl Iterator<Item = Bevinding> + use<> {
        let has_eindpunt = present(self.eindpunt.as_deref()).is_some();
        let has_geheim = present(self.geheim.as_deref()).is_some();
        let polls = kanaal == Kanaal::Poll;
        [
            (
                !polls && !has_eindpunt,
                "eindpunt",
                "geef bij SOAP en WEBHOOK het https-adres waar berichten heen gaan",
            ),
            (
                polls && has_eindpunt,
                "eindpunt",
                "laat weg bij POLL; daar haalt de abonnee zelf op",
            ),
            (
                polls && has_geheim,
                "geheim",
                "laat weg bij POLL; daar wordt geen bericht ondertekend",
            ),
            (
                polls && self.ed25519 == Some(true),
                "ed25519",
                "laat weg bij POLL; daar wordt geen bericht ondertekend",
            ),
            (
                !polls && self.ed25519 == Some(true) && !has_sleutel,
                "ed25519",
                "deze gateway heeft geen sleutel voor ed25519; laat weg",
            ),
            (
                polls && per_bericht.is_some_and(|n| n > 1),
                "perBericht",
                "laat weg bij POLL; daar bepaalt limiet hoeveel er in een antwoord komt",
            ),
        ]
        .into_iter()
        .filter(|(wrong, ..)| *wrong)
        .map(|(_, veld, uitleg)| ongeldig(veld, uitleg))
    }
}

fn kanaal(field: Option<&str>) -> Result<Kanaal, Bevinding> {
    present(field)
        .and_then(Kanaal::parse)
        .ok_or_else(|| ongeldig("kanaal", "geef SOAP, WEBHOOK of POLL"))
}

/// Every item of a list once, in the order given.
fn all<T: PartialEq>(
    items: &[String],
    read: fn(usize, &str) -> Result<T, Bevinding>,
    keep: &mut impl FnMut(Bevinding),
) -> Vec<T> {
    let mut found = Vec::with_capacity(items.len());
    for (index, text) in items.iter().enumerate() {
        match read(index + 1, text) {
            Ok(item) if found.contains(&item) => {}
            Ok(item) => found.push(item),
            Err(bevinding) => keep(bevinding),
        }
    }
    found
}

fn soort(regel: usize, text: &str) -> Result<MutatieSoort, Bevinding> {
    MutatieSoort::parse(text.trim()).ok_or_else(|| {
        let known = MutatieSoort::ALL.iter().map(|soort| soort.as_str());
        let known: Vec<&str> = known.collect();
        let uitleg = format!("regel {regel}: geef een van {}", known.join(", "));
        ongeldig("mutatieSoorten", uitleg)
    })
}

fn code(regel: usize, text: &str) -> Result<Code, Bevinding> {
    parse_code(Some(text)).map_err(|bevinding| Bevinding {
        veld: "codes",
        // What is no kwalificatie can never be told of.
        signaalcode: Signaalcode::CodeOngeldig,
        uitleg: format!("regel {regel}: {}", bevinding.uitleg).into(),
    })
}

/// What an error says, without the name of the field that every finding has before it.
fn bare(error: &impl std::fmt::Display, veld: &str) -> String {
    let text = error.to_string();
    let bare = text.strip_prefix(veld).map(str::trim_start);
    bare.map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn webhook() -> Instellingen {
        Instellingen {
            kanaal: some("WEBHOOK"),
            eindpunt: some("https://sis.example/mutaties"),
            ..Instellingen::default()
        }
    }

    #[test]
    fn what_is_asked_is_understood() {
        let wens = Instellingen {
            mutatie_soorten: vec!["ERKENNING_BEEINDIGD".into(), " ERKENNING_BEEINDIGD".into()],
            codes: vec!["25180".into(), "K0165".into(), "25180".into()],
            per_bericht: some("100"),
            ed25519: Some(true),
            ..webhook()
        }
        .parse(&Voorwaarden {
            openbare_sleutel: Some("whpk_".to_owned()),
            ..Voorwaarden::default()
        })
        .unwrap();
        assert_eq!(wens.mutatie_soorten, [MutatieSoort::ErkenningBeeindigd]);
        assert_eq!(wens.codes.len(), 2);
        assert_eq!((wens.per_bericht, wens.ed25519), (100, true));
        let poll = Instellingen {
            kanaal: some("POLL"),
            // An answer has it, and may be sent back as it is.
            per_bericht: some("1"),
            ed25519: Some(false),
            ..Instellingen::default()
        };
        assert!(poll.parse(&Voorwaarden::default()).is_ok());
    }

    #[test]
    fn every_wrong_field_is_named() {
        let all_wrong = Instellingen {
            kanaal: some("POLL"),
            eindpunt: some("http://sis.example/"),
            mutatie_soorten: vec!["ERKENNING_BEEINDIGD".into(), "ANDERS".into()],
            codes: vec!["23012".into()],
            geheim: some("whsec_x"),
            per_bericht: some("101"),
            ed25519: Some(true),
        };
        for (instellingen, expect) in [
            (Instellingen::default(), vec!["kanaal"]),
            (
                Instellingen {
                    kanaal: some("webhook"),
                    ..webhook()
                },
                vec!["kanaal"],
            ),
            (
                Instellingen {
                    eindpunt: some(" "),
                    ..webhook()
                },
                vec!["eindpunt"],
            ),
            (
                Instellingen {
                    kanaal: some("SOAP"),
                    ed25519: Some(true),
                    geheim: some(&Geheim::of_random([1; 32]).to_text()),
                    ..webhook()
                },
                // There is no key to sign with.
                vec!["ed25519"],
            ),
            (
                all_wrong,
                vec![
                    "eindpunt",
                    "geheim",
                    "mutatieSoorten",
                    "codes",
                    "perBericht",
                    "eindpunt",
                    "geheim",
                    "ed25519",
                ],
            ),
        ] {
            let wrong = instellingen.parse(&Voorwaarden::default()).unwrap_err();
            let velden: Vec<&str> = wrong.iter().map(|bevinding| bevinding.veld).collect();
            assert_eq!(velden, expect);
        }
    }
}
