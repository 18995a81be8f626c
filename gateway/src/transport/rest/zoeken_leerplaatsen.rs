//! POST /v1/leerplaatsen/_zoek: zoekenLeerplaatsen.

use super::{
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek, Voorbeeld},
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    json::{self, Fields, JsonLimits, Place},
    posted::Posted,
    violation::{Overtredingen, Plaats},
    zoekvragen::ZOEKVRAGEN,
};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        zoeken_leerplaatsen::{Request, Response, run},
    },
};

/// Fields of the body, in the order of [`Request`], which is that of the contract.
pub const VELDEN: [Veld; 22] = [
    Veld::tekst(
        "soort",
        "ERKENNING: leerbedrijven met een erkenning die past. LEERPLAATS: leerbedrijven met een leerplaats die past. Verplicht, met minstens één filter erbij.",
        "LEERPLAATS",
    ),
    Veld::tekst(
        "naam",
        "Filter. Woorden uit de naam van het leerbedrijf, in elke volgorde; elk woord moet passen: gelijk, als begin van een woord, of met één tikfout vanaf vijf letters.",
        "restaurant haven",
    ),
    Veld::tekst(
        "postcode",
        "Filter. Nederlandse postcode: vier cijfers, of vier cijfers en twee letters. Met straalKm het midden van de cirkel; zonder straalKm alleen dezelfde postcode.",
        "3511",
    ),
    Veld::tekst(
        "plaats",
        "Filter. Plaatsnaam. Met straalKm het midden van de cirkel; zonder straalKm alleen leerbedrijven die er gevestigd zijn.",
        "Utrecht",
    ),
    Veld::tekst(
        "adres",
        "Filter. Straat, huisnummer en plaats of postcode. Zonder straalKm tot 5 km eromheen. Gaat voor postcode, en die voor plaats.",
        "Oudegracht 10, Utrecht",
    ),
    Veld::getal(
        "straalKm",
        "Grootste afstand in kilometers, hemelsbreed, tot het adres, de postcode of de plaats: meer dan 0 en hoogstens 500. In een tekst mag een komma.",
        "15",
    ),
    Veld::tekst(
        "code",
        "Filter. Crebo van een kwalificatie (vijf cijfers) of code van een keuzedeel (K en vier cijfers). Codes die nu gelijkwaardig zijn, tellen mee; equivalentVoor zegt dat erbij.",
        "25180",
    ),
    Veld::tekst(
        "opleidingsnaam",
        "Filter. Woorden uit de naam van de opleiding; wat past, telt als code.",
        "kok",
    ),
    Veld::tekst("leerweg", "Filter. BOL of BBL.", "BBL"),
    Veld::getal(
        "niveau",
        "Filter. Niveau van de opleiding, 1 tot en met 4.",
        "2",
    ),
    Veld::tekst(
        "leerplaatsSoort",
        "Filter, alleen bij LEERPLAATS. STAGE of LEERBAAN.",
        "LEERBAAN",
    ),
    Veld::boolean(
        "metVergoeding",
        "Filter, alleen bij LEERPLAATS. true: alleen met een vergoeding; false: alleen zonder.",
    ),
    Veld::tekst(
        "beschikbaarVanaf",
        "Filter. Eerste dag van de periode, jjjj-mm-dd; vandaag als het ontbreekt.",
        "2027-02-01",
    ),
    Veld::tekst(
        "beschikbaarTot",
        "Filter. Laatste dag van de periode, inclusief, jjjj-mm-dd; beschikbaarVanaf als het ontbreekt.",
        "2027-07-16",
    ),
    Veld::getal(
        "minimumPlaatsen",
        "Filter, alleen bij LEERPLAATS. Minste aantal plaatsen, 1 tot en met 9999.",
        "2",
    ),
    Veld::tekst(
        "sortering",
        "RELEVANTIE (als het ontbreekt), AFSTAND (vraagt een adres, postcode of plaats) of NAAM.",
        "AFSTAND",
    ),
    Veld::getal(
        "paginaGrootte",
        "Leerbedrijven per pagina, 1 tot en met 100; 25 als het ontbreekt.",
        "25",
    ),
    Veld::tekst(
        "cursor",
        "volgendeCursor van de vorige pagina, met verder dezelfde vraag. Geldt tot 15 minuten na de eerste pagina.",
        "010101dca4b9fbc168dac40200860100",
    ),
    Veld::boolean(
        "metPraktijkopleiders",
        "Namen van de praktijkopleiders voor de getoonde erkenningen; zonder dit alleen hun aantal. Van elk antwoord met namen wordt vastgelegd aan wie het gegeven is.",
    ),
    Veld::boolean(
        "metTellingen",
        "Tellingen per leerweg, niveau en code over de hele lijst.",
    ),
    Veld::boolean(
        "metToelichting",
        "Per leerbedrijf in woorden waarom het er staat.",
    ),
    MINIMALE_REGISTER_VERSIE,
];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::ZoekenLeerplaatsen,
    operation_id: "zoekenLeerplaatsen",
    methode: Methode::Post,
    pad: "/v1/leerplaatsen/_zoek",
    samenvatting: "Zoeken naar erkenningen of leerplaatsen, gegroepeerd per leerbedrijf",
    beschrijving: "Geef soort en minstens één filter. Een leerbedrijf is een treffer als één \
        erkenning (of leerplaats) aan alle filters samen voldoet; het antwoord noemt precies die. \
        totaal telt alle treffers; volgendeCursor leidt naar de volgende pagina en geldt tot 15 \
        minuten na de eerste pagina. Niets gevonden (130), een onbekende plaats (140) en een verlopen cursor (161) zijn \
        antwoorden (200) met een lege lijst.",
    pad_velden: &[],
    query: &[],
    verzoek: Some(Verzoek {
        schema: "ZoekenLeerplaatsenVerzoek",
        voorbeelden: ZOEKVRAGEN,
    }),
    antwoord: "ZoekenLeerplaatsenAntwoord",
    voorbeelden: &[
        Voorbeeld {
            naam: "leerbanen",
            samenvatting: "Twee leerbedrijven, de dichtstbijzijnde voorop",
            json: include_str!("voorbeelden/zoeken-leerplaatsen-antwoord.json"),
        },
        Voorbeeld {
            naam: "erkenningen",
            samenvatting: "De eerste van zeven, met tellingen en toelichting",
            json: include_str!("voorbeelden/zoeken-erkenningen-antwoord.json"),
        },
        Voorbeeld {
            naam: "plaatsOnbekend",
            samenvatting: "De plaats is niet begrepen",
            json: include_str!("voorbeelden/zoeken-plaats-onbekend.json"),
        },
    ],
    uitkomst: Uitkomst::Antwoord,
};

impl Posted for Request {
    const ENDPOINT: Endpoint = ENDPOINT;
    /// A page of 25 has some 600 to 1,200 bytes for each leerbedrijf.
    const ANSWER_BYTES: usize = 16 * 1024;
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
    let mut fields = Fields::new(node, Place::Root, &VELDEN, fouten);
    let request = Request {
        soort: fields.text("soort"),
        naam: fields.text("naam"),
        postcode: fields.text("postcode"),
        plaats: fields.text("plaats"),
        adres: fields.text("adres"),
        straal_km: fields.text("straalKm"),
        code: fields.text("code"),
        opleidingsnaam: fields.text("opleidingsnaam"),
        leerweg: fields.text("leerweg"),
        niveau: fields.text("niveau"),
        leerplaats_soort: fields.text("leerplaatsSoort"),
        met_vergoeding: fields.boolean("metVergoeding"),
        beschikbaar_vanaf: fields.text("beschikbaarVanaf"),
        beschikbaar_tot: fields.text("beschikbaarTot"),
        minimum_plaatsen: fields.text("minimumPlaatsen"),
        sortering: fields.text("sortering"),
        pagina_grootte: fields.text("paginaGrootte"),
        cursor: fields.text("cursor"),
        met_praktijkopleiders: fields.boolean("metPraktijkopleiders"),
        met_tellingen: fields.boolean("metTellingen"),
        met_toelichting: fields.boolean("metToelichting"),
        minimale_register_versie: fields.text("minimaleRegisterVersie"),
    };
    fouten.check_versie(Plaats::Body, request.minimale_register_versie.as_deref());
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::rest::field::Veldsoort;

    const LIMITS: JsonLimits = JsonLimits {
        depth: 32,
        elements: 100,
    };

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_field_of_the_table_reaches_the_request() {
        let members: Vec<String> = VELDEN
            .iter()
            .map(|veld| match veld.soort {
                Veldsoort::Tekst => format!("{:?}:{:?}", veld.naam, veld.voorbeeld),
                Veldsoort::Getal | Veldsoort::Boolean => {
                    format!("{:?}:{}", veld.naam, veld.voorbeeld)
                }
            })
            .collect();
        let body = format!("{{{}}}", members.join(","));
        let mut fouten = Overtredingen::default();
        let request = read_body(body.as_bytes(), LIMITS, &mut fouten);
        assert!(fouten.is_empty(), "{fouten:?}");
        assert_eq!(
            request,
            Request {
                soort: some("LEERPLAATS"),
                naam: some("restaurant haven"),
                postcode: some("3511"),
                plaats: some("Utrecht"),
                adres: some("Oudegracht 10, Utrecht"),
                straal_km: some("15"),
                code: some("25180"),
                opleidingsnaam: some("kok"),
                leerweg: some("BBL"),
                niveau: some("2"),
                leerplaats_soort: some("LEERBAAN"),
                met_vergoeding: Some(true),
                beschikbaar_vanaf: some("2027-02-01"),
                beschikbaar_tot: some("2027-07-16"),
                minimum_plaatsen: some("2"),
                sortering: some("AFSTAND"),
                pagina_grootte: some("25"),
                cursor: some("010101dca4b9fbc168dac40200860100"),
                met_praktijkopleiders: Some(true),
                met_tellingen: Some(true),
                met_toelichting: Some(true),
                minimale_register_versie: some("1.48210"),
            }
        );
    }
}
