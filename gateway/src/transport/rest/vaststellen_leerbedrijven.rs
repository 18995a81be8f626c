//! POST /v1/leerbedrijven/_vaststellen: vaststellenLeerbedrijven, up to 1,000 rows at once.

use super::{
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek, Voorbeeld},
    field::{KENMERK, MINIMALE_REGISTER_VERSIE, Veld},
    json::{self, Fields, JsonLimits, Node, Place},
    posted::Posted,
    vaststellen_leerbedrijf::{self, read_vraag},
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        vaststellen_leerbedrijven::{MAX_RIJEN, Request, Response, Rij, run},
    },
};

const RIJEN: &str = "rijen";

/// Fields of one row: a mark, and those of vaststellenLeerbedrijf.
pub(super) const VELDEN: [Veld; 7] = {
    let [id, naam, postcode, huisnummer, plaats, land, _] = vaststellen_leerbedrijf::VELDEN;
    [KENMERK, id, naam, postcode, huisnummer, plaats, land]
};

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::VaststellenLeerbedrijven,
    operation_id: "vaststellenLeerbedrijven",
    methode: Methode::Post,
    pad: "/v1/leerbedrijven/_vaststellen",
    samenvatting: "Tot 1.000 rijen van een relatiebestand vaststellen: per rij de beste treffer",
    beschrijving: "Een resultaat per rij, in de gevraagde volgorde: de beste treffer en hoe zeker \
        die is. Een rij die te weinig zegt of een ongeldig veld heeft, bederft alleen zichzelf: zij \
        krijgt haar signaalcode, met in de signaaltekst het veld en wat goed zou zijn. Alleen een \
        body van de verkeerde vorm geeft 400.",
    pad_velden: &[],
    query: &[],
    verzoek: Some(Verzoek {
        schema: "VaststellenLeerbedrijvenVerzoek",
        voorbeelden: &[Voorbeeld {
            naam: "drieRijen",
            samenvatting: "Drie rijen van een relatiebestand",
            json: include_str!("voorbeelden/vaststellen-bulk-verzoek.json"),
        }],
    }),
    antwoord: "VaststellenLeerbedrijvenAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "drieRijen",
        samenvatting: "Gevonden, niet gevonden, en een ongeldige postcode",
        json: include_str!("voorbeelden/vaststellen-bulk-antwoord.json"),
    }],
    uitkomst: Uitkomst::Antwoord,
};

impl Posted for Request {
    const ENDPOINT: Endpoint = ENDPOINT;
    const BULK: bool = true;
    type Response = Response;

    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self {
        read_body(body, limits, fouten)
    }

    fn minimale_register_versie(&self) -> Option<&str> {
        self.minimale_register_versie.as_deref()
    }

    async fn run(self, ctx: &Context<'_>, _: &Writing<'_>) -> Result<Answer<Response>, Failure> {
        Ok(run(ctx, self))
    }

    fn regels(&self) -> usize {
        self.rijen.len()
    }

    fn leerbedrijf_ids(response: &Response) -> Vec<LeerbedrijfId> {
        response.leerbedrijf_ids()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }
}

fn read_body(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Request {
    let Some(node) = json::parse(body, limits, fouten) else {
        return Request::default();
    };
    let names = [RIJEN, MINIMALE_REGISTER_VERSIE.naam];
    let [rijen, versie] = json::members(node, Place::Root, names, fouten);
    let minimale_register_versie =
        json::text(versie, Place::Root, &MINIMALE_REGISTER_VERSIE, fouten);
    fouten.check_versie(Plaats::Body, minimale_register_versie.as_deref());
    let rijen = json::list(rijen, Place::Root, RIJEN, MAX_RIJEN, fouten)
        .into_iter()
        .enumerate()
        .map(|(index, node)| read_rij(node, index, fouten))
        .collect();
    Request {
        rijen,
        minimale_register_versie,
    }
}

fn read_rij(node: Node<'_>, index: usize, fouten: &mut Overtredingen) -> Rij {
    let place = Place::Item { list: RIJEN, index };
    let mut fields = Fields::new(node, place, &VELDEN, fouten);
    Rij {
        kenmerk: fields.text("kenmerk"),
        vraag: read_vraag(&mut fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: JsonLimits = JsonLimits {
        depth: 32,
        elements: 120_000,
    };

    fn read(body: &str) -> (Request, Vec<String>) {
        let mut fouten = Overtredingen::default();
        let request = read_body(body.as_bytes(), LIMITS, &mut fouten);
        let shown = fouten.shown().iter();
        (
            request,
            shown.map(|o| format!("{} {}", o.veld, o.code)).collect(),
        )
    }

    #[test]
    fn rows_keep_their_place_and_their_odd_values() {
        let (request, shown) = read(
            r#"{"rijen":[{"kenmerk":"a","leerbedrijfId":"99ZZ9999JJ0001602","land":"NL"},{},
                {"naam":"x","postcode":"-","huisnummer":12,"plaats":"y"}],
                "minimaleRegisterVersie":"1.2"}"#,
        );
        assert_eq!(shown, Vec::<String>::new());
        let [first, second, third] = request.rijen.as_slice() else {
            panic!("{request:?}")
        };
        assert_eq!(first.kenmerk.as_deref(), Some("a"));
        assert_eq!(
            first.vraag.leerbedrijf_id.as_deref(),
            Some("99ZZ9999JJ0001602")
        );
        assert_eq!(first.vraag.land.as_deref(), Some("NL"));
        assert_eq!(*second, Rij::default());
        assert_eq!(third.vraag.postcode.as_deref(), Some("-"));
        assert_eq!(third.vraag.huisnummer.as_deref(), Some("12"));
        assert_eq!(third.vraag.plaats.as_deref(), Some("y"));
    }

    #[test]
    fn a_body_of_the_wrong_form_names_every_row() {
        let (_, shown) = read(
            r#"{"rijen":[null,{"naam":7},{"minimaleRegisterVersie":"1.1"},"x"],"minimaleRegisterVersie":"1"}"#,
        );
        assert_eq!(
            shown,
            [
                "/minimaleRegisterVersie VORM_ONGELDIG",
                "/rijen/0 TYPE_ONGELDIG",
                "/rijen/1/naam TYPE_ONGELDIG",
                "/rijen/2/minimaleRegisterVersie ONBEKEND_VELD",
                "/rijen/3 TYPE_ONGELDIG",
            ]
        );
    }

    #[test]
    fn a_thousand_rows_fit_and_one_more_does_not() {
        let body = |rows: usize| format!(r#"{{"rijen":[{}]}}"#, vec!["{}"; rows].join(","));
        let (request, shown) = read(&body(MAX_RIJEN));
        assert_eq!((request.rijen.len(), shown.len()), (MAX_RIJEN, 0));
        let (_, shown) = read(&body(MAX_RIJEN + 1));
        assert_eq!(shown, ["/rijen TE_VEEL_REGELS"]);
    }
}
