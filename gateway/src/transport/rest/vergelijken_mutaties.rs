//! POST /v1/mutaties/_vergelijken: vergelijkenMutaties.

use super::{
    abonnement::ABONNEMENT_ID,
    call::Reply,
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek as Body, Voorbeeld},
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    json::{self, Fields, JsonLimits, Place},
    posted::Posted,
    problem::{Problem, Stroom},
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{Operatie, Signaalcode},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        vergelijken_mutaties::{InvoerStuk, MAX_STUKKEN, Request, Response, run},
    },
};

const STUKKEN: &str = "stukken";

const DIGEST: Veld = Veld::tekst(
    "digest",
    "SHA-256, hexadecimaal, over de regels volgnummer:mutatieId met een LF erachter, oplopend op volgnummer.",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
);

/// Fields of the question, without the list.
pub(super) const VELDEN: [Veld; 4] = [
    ABONNEMENT_ID,
    Veld::getal(
        "totEnMet",
        "Volgnummer tot en met waar vergeleken wordt; vanaf 1.",
        "1041",
    ),
    DIGEST,
    MINIMALE_REGISTER_VERSIE,
];

/// Fields of a part.
pub(super) const STUK_VELDEN: [Veld; 3] = [
    Veld::getal("vanaf", "Eerste nummer van het stuk.", "1"),
    Veld::getal("tot", "Laatste nummer van het stuk, inclusief.", "520"),
    DIGEST,
];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::VergelijkenMutaties,
    operation_id: "vergelijkenMutaties",
    methode: Methode::Post,
    pad: "/v1/mutaties/_vergelijken",
    samenvatting: "Heeft de ontvanger alles? Zo niet, waar zit het verschil?",
    beschrijving: "Beide kanten nemen SHA-256 over volgnummer:mutatieId en een LF, voor elk nummer van 1 tot en met \
        totEnMet dat zij hebben. Nummers en id's blijven langer bestaan dan de mutaties zelf. Verschillen zij, dan \
        noemt ontbrekend zonder stukken het geheel. Deel het daarom op in hoogstens 1.000 stukken, oplopend en zonder overlap, elk met een \
        eigen digest: dan noemt ontbrekend alleen de stukken die verschillen, en wat tussen de stukken ligt. Met twee vragen \
        is zo een nummer op een miljoen gevonden. Is totEnMet nieuwer dan laatsteVolgnummer, dan volgt 410 met \
        code 171.",
    pad_velden: &[],
    query: &[],
    verzoek: Some(Body {
        schema: "VergelijkenMutatiesVerzoek",
        voorbeelden: &[Voorbeeld {
            naam: "stukken",
            samenvatting: "Twee stukken",
            json: include_str!("voorbeelden/vergelijken-mutaties-verzoek.json"),
        }],
    }),
    antwoord: "VergelijkenMutatiesAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "verschil",
        samenvatting: "Het tweede stuk verschilt",
        json: include_str!("voorbeelden/vergelijken-mutaties-antwoord.json"),
    }],
    uitkomst: Uitkomst::OfVerlopen,
};

impl Posted for Request {
    const ENDPOINT: Endpoint = ENDPOINT;
    type Response = Response;

    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self {
        let Some(node) = json::parse(body, limits, fouten) else {
            return Self::default();
        };
        let [id, tot_en_met, digest, versie] = VELDEN.map(|veld| veld.naam);
        let names = [id, tot_en_met, digest, versie, STUKKEN];
        let [texts @ .., stukken] = json::members(node, Place::Root, names, fouten);
        let mut velden = VELDEN.iter().zip(texts);
        let mut next = || {
            let (veld, node) = velden.next()?;
            json::text(node, Place::Root, veld, fouten)
        };
        let request = Self {
            abonnement_id: next(),
            tot_en_met: next(),
            digest: next(),
            minimale_register_versie: next(),
            stukken: Vec::new(),
        };
        fouten.check_versie(Plaats::Body, request.minimale_register_versie.as_deref());
        Self {
            stukken: json::list(stukken, Place::Root, STUKKEN, MAX_STUKKEN, fouten)
                .into_iter()
                .enumerate()
                .map(|(index, node)| {
                    let place = Place::Item {
                        list: STUKKEN,
                        index,
                    };
                    let mut fields = Fields::new(node, place, &STUK_VELDEN, fouten);
                    InvoerStuk {
                        vanaf: fields.text("vanaf"),
                        tot: fields.text("tot"),
                        digest: fields.text("digest"),
                    }
                })
                .collect(),
            ..request
        }
    }

    fn minimale_register_versie(&self) -> Option<&str> {
        self.minimale_register_versie.as_deref()
    }

    async fn run(
        self,
        ctx: &Context<'_>,
        writing: &Writing<'_>,
    ) -> Result<Answer<Response>, Failure> {
        run(ctx, writing, self).await
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn told(response: &Response, reply: Reply) -> Result<Reply, Problem> {
        match response.kop.signaalcode {
            Signaalcode::AbonnementOnbekend => Err(Problem::unknown_abonnement()),
            Signaalcode::VolgnummerVerlopen => Err(Problem::gone(Stroom {
                oudste: response.oudste_volgnummer.unwrap_or_default(),
                laatste: response.laatste_volgnummer.unwrap_or_default(),
            })),
            _ => Ok(reply),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_place() {
        let limits = JsonLimits {
            depth: 4,
            elements: 100,
        };
        let mut fouten = Overtredingen::default();
        let body = include_bytes!("voorbeelden/vergelijken-mutaties-verzoek.json");
        let request = <Request as Posted>::read(body, limits, &mut fouten);
        assert!(fouten.is_empty(), "{fouten:?}");
        assert_eq!(request.tot_en_met.as_deref(), Some("1041"));
        assert_eq!(request.stukken.len(), 2);
        assert_eq!(request.stukken[1].tot.as_deref(), Some("1041"));
        let wrong = br#"{"stukken":[{"van":1},2]}"#;
        <Request as Posted>::read(wrong, limits, &mut fouten);
        let shown: Vec<&str> = fouten.shown().iter().map(|o| o.veld.as_ref()).collect();
        assert_eq!(shown, ["/stukken/0/van", "/stukken/1"]);
    }
}
