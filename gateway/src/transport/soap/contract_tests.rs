//! Holds the operation files against the XSD: the fields that they read, and those that they
//! write when every one of them has a value.

use super::{
    Bewerking,
    abonnementen::{
        AanmeldenAbonnement, BeeindigenAbonnement, OpvragenAbonnementen, WijzigenAbonnement,
    },
    natrekken_erkenning::NatrekkenErkenning,
    natrekken_erkenningen::NatrekkenErkenningen,
    opvragen_bpvos::OpvragenBpvos,
    opvragen_detailgegevens::OpvragenDetailgegevens,
    opvragen_mutaties::OpvragenMutaties,
    parts,
    registreren_bpvos::RegistrerenBpvos,
    vaststellen_leerbedrijf::VaststellenLeerbedrijf,
    vaststellen_leerbedrijven::VaststellenLeerbedrijven,
    vergelijken_mutaties::VergelijkenMutaties,
    zoeken_leerplaatsen::ZoekenLeerplaatsen,
};
use uuid::Uuid;

use crate::{
    domain::{
        Adres, Code, Coordinaten, Datum, Eindreden, Herkomst, LeerbedrijfId, LeerbedrijfStatus,
        LeerplaatsSoort, Leerweg, MutatieSoort, Oin, RegisterVersie, Signaalcode, Tijdstip,
        Werkproces,
    },
    operations::{
        AbonnementId, AbonnementStatus, GemeldeStatus, Kanaal, Kop, MutatieBericht, Shared,
        abonnementen::{self, AbonnementDetail},
        natrekken_erkenning::{self, ErkenningStatus, Grondslag, Reden, Uitkomst},
        natrekken_erkenningen::{self, Resultaat},
        opvragen_bpvos::{self, BpvoDetail, KeuzedeelDetail},
        opvragen_detailgegevens::{
            self, ContactpersoonDetail, Detail, ErkenningDetail, PraktijkopleiderDetail,
        },
        opvragen_mutaties,
        registreren_bpvos::{self, Telling as BpvoTelling},
        vaststellen_leerbedrijf::{self, Gevonden, MatchKwaliteit},
        vaststellen_leerbedrijven,
        vergelijken_mutaties::{self, Interval},
        zoeken_leerplaatsen::{
            self, AfstandKm, GevondenBedrijf, GevondenErkenning, GevondenLeerbedrijf,
            GevondenLeerplaats, Studentenband, Telling, Vergoeding,
        },
    },
    soap::{Lijst, TEKST, Vorm, XmlWriter},
};

const XSD: &str = include_str!("../../../../schemas/whitelabel-v1.xsd");

/// The declarations of elements in a complexType: `(name, type, the whole tag)`.
fn declarations(soort: &str) -> Vec<(&'static str, &'static str, &'static str)> {
    let begin = format!("<xs:complexType name=\"{soort}\">");
    let (_, rest) = XSD
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no {soort}"));
    let (content, _) = rest.split_once("</xs:complexType>").unwrap();
    content
        .split("<xs:element ")
        .skip(1)
        .map(|tag| {
            let tag = tag.split('>').next().unwrap();
            let value = |name: &str| tag.split(name).nth(1).unwrap().split('"').nth(1).unwrap();
            (value("name="), value("type="), tag)
        })
        .collect()
}

fn names(soort: &str) -> Vec<&'static str> {
    declarations(soort)
        .into_iter()
        .map(|(name, ..)| name)
        .collect()
}

fn assert_vorm(vorm: &Vorm) {
    let declared = declarations(vorm.soort);
    assert_eq!(names(vorm.soort), vorm.elementen, "{}", vorm.soort);
    for (name, soort, tag) in declared {
        assert!(
            tag.contains("minOccurs=\"0\""),
            "{name} is required, and no Vorm says that"
        );
        let lijst = vorm.lijsten.iter().find(|(wrapper, _)| *wrapper == name);
        match lijst {
            Some((_, lijst)) => assert_lijst(lijst, soort),
            None => assert!(
                matches!(soort, "wl:InvoerTekstType" | "xs:boolean"),
                "{name}"
            ),
        }
    }
}

fn assert_lijst(lijst: &Lijst, soort: &str) {
    assert_eq!(format!("wl:{}", lijst.soort), soort);
    let declared = declarations(lijst.soort);
    let [(item, type_, tag)] = declared.as_slice() else {
        panic!("{soort}")
    };
    assert_eq!(
        (*item, *type_),
        (lijst.item, &*format!("wl:{}", lijst.vorm.soort))
    );
    assert!(
        tag.contains(&format!("maxOccurs=\"{}\"", lijst.max)),
        "{tag}"
    );
    // An item that is a text has no fields.
    if lijst.vorm.soort != TEKST.soort {
        assert_vorm(lijst.vorm);
    }
}

#[test]
fn requests_are_read_as_the_xsd_has_them() {
    assert_vorm(NatrekkenErkenning::VRAAG);
    assert_vorm(NatrekkenErkenningen::VRAAG);
    assert_vorm(VaststellenLeerbedrijf::VRAAG);
    assert_vorm(OpvragenDetailgegevens::VRAAG);
    assert_vorm(VaststellenLeerbedrijven::VRAAG);
    assert_vorm(ZoekenLeerplaatsen::VRAAG);
    assert_vorm(RegistrerenBpvos::VRAAG);
    assert_vorm(OpvragenBpvos::VRAAG);
    assert_vorm(AanmeldenAbonnement::VRAAG);
    assert_vorm(OpvragenAbonnementen::VRAAG);
    assert_vorm(WijzigenAbonnement::VRAAG);
    assert_vorm(BeeindigenAbonnement::VRAAG);
    assert_vorm(OpvragenMutaties::VRAAG);
    assert_vorm(VergelijkenMutaties::VRAAG);
}

/// Names of the children of the first element with this name.
fn children(xml: &str, element: &str) -> Vec<String> {
    let (_, rest) = xml
        .split_once(&format!("<{element}>"))
        .unwrap_or_else(|| panic!("no {element}"));
    let mut depth = 0;
    let mut found = Vec::new();
    for tag in rest.split('<').skip(1) {
        let name = tag.split('>').next().unwrap();
        if name.starts_with('/') {
            if depth == 0 {
                break;
            }
            depth -= 1;
        } else {
            if depth == 0 {
                found.push(name.to_owned());
            }
            depth += 1;
        }
    }
    found
}

/// Writes a full answer and checks that each of these elements holds all that its type has.
fn assert_full<B: Bewerking>(response: &B::Response, elements: &[(&str, &str)]) {
    let mut w = XmlWriter::default();
    w.element("antwoord", |w| {
        parts::kop(w, B::kop(response));
        B::write(response, w);
    });
    let xml = w.into_string();
    for (element, soort) in elements {
        assert_eq!(children(&xml, element), names(soort), "{soort}");
    }
}

fn kop() -> Kop {
    Kop {
        signaalcode: Signaalcode::LeerbedrijfHistorisch,
        signaaltekst: Some("opgevolgd".into()),
        register_versie: RegisterVersie::default(),
        register_tijdstip: Tijdstip::EPOCH,
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn bedrijf() -> LeerbedrijfId {
    LeerbedrijfId::parse("100000001").unwrap()
}

fn datum() -> Datum {
    Datum::parse("2026-11-22").unwrap()
}

fn code() -> Code {
    Code::parse("25180").unwrap()
}

fn adres() -> Adres {
    Adres {
        straat: some("Kerkstraat"),
        huisnummer: Some(1),
        huisnummertoevoeging: some("a"),
        postcode: some("1012AB"),
        plaats: "Amsterdam".to_owned(),
        land: "NL".to_owned(),
        coordinaten: Some(Coordinaten {
            lat: 52.0,
            lon: 4.0,
        }),
    }
}

fn uitkomst() -> Uitkomst {
    Uitkomst {
        leerbedrijf_id: some("100000001"),
        naam: some("Bakkerij"),
        code: some("25180"),
        peildatum: some("2026-11-22"),
        erkenning_status: Some(ErkenningStatus::NietErkend),
        grondslag: Some(Grondslag::Equivalent),
        erkend_voor_code: Some(code()),
        reden: Some(Reden::Verlopen),
        startdatum: Some(datum()),
        einddatum: Some(datum()),
        leerwegen: vec![Leerweg::Bol],
        gedeeltelijk: Some(true),
        beantwoord_voor: Some(bedrijf()),
        opvolger: Some(bedrijf()),
    }
}

#[test]
fn natrekken_erkenning_writes_all_that_the_xsd_has() {
    let response = natrekken_erkenning::Response {
        kop: kop(),
        uitkomst: uitkomst(),
    };
    assert_full::<NatrekkenErkenning>(
        &response,
        &[
            ("antwoord", "NatrekkenErkenningResponseType"),
            ("leerwegen", "LeerwegenType"),
        ],
    );
}

#[test]
fn natrekken_erkenningen_writes_all_that_the_xsd_has() {
    let resultaat = Resultaat {
        kenmerk: some("1"),
        signaalcode: Signaalcode::LeerbedrijfHistorisch,
        signaaltekst: Some("opgevolgd".into()),
        uitkomst: uitkomst(),
    };
    let response = natrekken_erkenningen::Response {
        kop: kop(),
        resultaten: vec![resultaat],
    };
    assert_full::<NatrekkenErkenningen>(
        &response,
        &[
            ("antwoord", "NatrekkenErkenningenResponseType"),
            ("resultaten", "NatrekResultatenType"),
            ("resultaat", "NatrekResultaatType"),
        ],
    );
}

fn gevonden() -> Gevonden {
    Gevonden {
        leerbedrijf_id: bedrijf(),
        naam: "Bakkerij".to_owned(),
        leerbedrijf_status: LeerbedrijfStatus::Historisch,
        opvolger: Some(bedrijf()),
        opgevolgd_per: Some(datum()),
        vestigingsadres: adres(),
        correspondentieadres: Some(adres()),
        match_kwaliteit: MatchKwaliteit::Exact,
        match_reden: "gelijk".into(),
    }
}

#[test]
fn vaststellen_leerbedrijf_writes_all_that_the_xsd_has() {
    let response = vaststellen_leerbedrijf::Response {
        kop: kop(),
        leerbedrijven: vec![gevonden()],
        meer_resultaten: false,
    };
    assert_full::<VaststellenLeerbedrijf>(
        &response,
        &[
            ("antwoord", "VaststellenLeerbedrijfResponseType"),
            ("leerbedrijven", "VastgesteldeLeerbedrijvenType"),
            ("leerbedrijf", "VastgesteldLeerbedrijfType"),
            ("vestigingsadres", "AdresType"),
            ("correspondentieadres", "AdresType"),
            ("coordinaten", "CoordinatenType"),
        ],
    );
}

#[test]
fn vaststellen_leerbedrijven_writes_all_that_the_xsd_has() {
    let resultaat = vaststellen_leerbedrijven::Resultaat {
        kenmerk: some("1"),
        signaalcode: Signaalcode::LeerbedrijfHistorisch,
        signaaltekst: Some("opgevolgd".into()),
        leerbedrijf: Some(gevonden()),
    };
    let response = vaststellen_leerbedrijven::Response {
        kop: kop(),
        resultaten: vec![resultaat],
    };
    assert_full::<VaststellenLeerbedrijven>(
        &response,
        &[
            ("antwoord", "VaststellenLeerbedrijvenResponseType"),
            ("resultaten", "VaststelResultatenType"),
            ("resultaat", "VaststelResultaatType"),
            ("leerbedrijf", "VastgesteldLeerbedrijfType"),
        ],
    );
}

fn detail() -> Detail {
    Detail {
        leerbedrijf_id: bedrijf(),
        naam: "Bakkerij".to_owned(),
        kvk_nummer: some("00000001"),
        kvk_vestigingsnummer: some("000000000012"),
        leerbedrijf_status: LeerbedrijfStatus::Historisch,
        opvolger: Some(bedrijf()),
        opgevolgd_per: Some(datum()),
        vestigingsadres: adres(),
        correspondentieadres: Some(adres()),
        telefoonnummer: some("+31850000000"),
        emailadres: some("info@bakkerij.example"),
        website: some("https://bakkerij.example/"),
        bijgewerkt_op: Tijdstip::EPOCH,
        contactpersonen: vec![ContactpersoonDetail {
            naam: "A. Voorbeeld".to_owned(),
            functie: some("Personeelszaken"),
            emailadres: some("a@bakkerij.example"),
            telefoonnummer: some("+31850000001"),
            bijgewerkt_op: Tijdstip::EPOCH,
        }],
        praktijkopleiders: vec![praktijkopleider()],
        erkenningen: vec![erkenning()],
    }
}

fn praktijkopleider() -> PraktijkopleiderDetail {
    PraktijkopleiderDetail {
        naam: "B. Voorbeeld".to_owned(),
        emailadres: some("b@bakkerij.example"),
        telefoonnummer: some("+31850000002"),
        codes: vec![code()],
        bijgewerkt_op: Tijdstip::EPOCH,
    }
}

fn erkenning() -> ErkenningDetail {
    ErkenningDetail {
        code: code(),
        opleidingsnaam: some("Kok"),
        niveau: Some(2),
        leerwegen: vec![Leerweg::Bol, Leerweg::Bbl],
        startdatum: datum(),
        einddatum: Some(datum()),
        reden: Some(Eindreden::Ingetrokken),
        gedeeltelijk: true,
        werkprocessen: vec![Werkproces {
            code: "B1-K1-W1".to_owned(),
            naam: "Bereidt voor".to_owned(),
            uitvoerbaar: true,
        }],
        bijgewerkt_op: Tijdstip::EPOCH,
    }
}

#[test]
fn opvragen_detailgegevens_writes_all_that_the_xsd_has() {
    let response = opvragen_detailgegevens::Response {
        kop: kop(),
        detail: Some(detail()),
    };
    assert_full::<OpvragenDetailgegevens>(
        &response,
        &[
            ("antwoord", "OpvragenDetailgegevensResponseType"),
            ("detail", "DetailType"),
            ("contactpersoon", "ContactpersoonType"),
            ("praktijkopleider", "PraktijkopleiderType"),
            ("codes", "CodesType"),
            ("erkenning", "ErkenningType"),
            ("werkproces", "WerkprocesType"),
        ],
    );
}

fn gevonden_leerbedrijf() -> GevondenLeerbedrijf {
    GevondenLeerbedrijf {
        bedrijf: Shared::new(GevondenBedrijf {
            leerbedrijf_id: bedrijf(),
            naam: "Restaurant".to_owned(),
            vestigingsadres: adres(),
            telefoonnummer: some("+31850000000"),
            emailadres: some("info@restaurant.example"),
            website: some("https://restaurant.example/"),
        }),
        afstand_km: Some(AfstandKm::new(4.25)),
        aantal_studenten_eigen: Some(2),
        aantal_studenten_overig: Some(Studentenband::of(7)),
        erkenningen: vec![GevondenErkenning {
            erkenning: Shared::new(erkenning()),
            aantal_praktijkopleiders: 3,
            equivalent_voor: Some(code()),
        }],
        leerplaatsen: vec![leerplaats()],
        praktijkopleiders: vec![praktijkopleider()],
        toelichting: some("erkend"),
    }
}

fn leerplaats() -> GevondenLeerplaats {
    GevondenLeerplaats {
        leerplaats_id: "LP-1".to_owned(),
        code: code(),
        leerplaats_soort: LeerplaatsSoort::Leerbaan,
        leerweg: Leerweg::Bbl,
        titel: "Leerling-kok".to_owned(),
        omschrijving: some("In de warme keuken"),
        aantal_leerplaatsen: 2,
        beschikbaar_vanaf: Some(datum()),
        beschikbaar_tot: Some(datum()),
        dagen_per_week: Some(4),
        vergoeding: Some(Vergoeding {
            soort: "PER_MAAND".to_owned(),
            bedrag_van: Some(350),
            bedrag_tot: Some(450),
        }),
        equivalent_voor: Some(code()),
    }
}

#[test]
fn zoeken_leerplaatsen_writes_all_that_the_xsd_has() {
    let response = zoeken_leerplaatsen::Response {
        kop: kop(),
        leerbedrijven: vec![gevonden_leerbedrijf()],
        totaal: 30,
        volgende_cursor: some("abc"),
        tellingen: vec![Telling {
            veld: "leerweg",
            waarde: "BBL".to_owned(),
            aantal: 30,
        }],
    };
    assert_full::<ZoekenLeerplaatsen>(
        &response,
        &[
            ("antwoord", "ZoekenLeerplaatsenResponseType"),
            ("leerbedrijven", "GevondenLeerbedrijvenType"),
            ("leerbedrijf", "GevondenLeerbedrijfType"),
            ("erkenningen", "GevondenErkenningenType"),
            ("erkenning", "GevondenErkenningType"),
            ("leerplaatsen", "LeerplaatsenType"),
            ("leerplaats", "LeerplaatsType"),
            ("vergoeding", "VergoedingType"),
            ("praktijkopleiders", "PraktijkopleidersType"),
            ("praktijkopleider", "PraktijkopleiderType"),
            ("tellingen", "TellingenType"),
            ("telling", "TellingType"),
        ],
    );
}

#[test]
fn registreren_bpvos_writes_all_that_the_xsd_has() {
    let response = registreren_bpvos::Response {
        kop: kop(),
        telling: BpvoTelling::default(),
        resultaten: vec![registreren_bpvos::Resultaat {
            bpvo_kenmerk: some("K1"),
            signaalcode: Signaalcode::BpvoLangerDanErkenning,
            signaaltekst: Some("langer".into()),
            erkenning_status: Some(ErkenningStatus::NietErkend),
            einddatum: Some(datum()),
        }],
    };
    assert_full::<RegistrerenBpvos>(
        &response,
        &[
            ("antwoord", "RegistrerenBpvosResponseType"),
            ("resultaten", "BpvoResultatenType"),
            ("resultaat", "BpvoResultaatType"),
        ],
    );
}

#[test]
fn opvragen_bpvos_writes_all_that_the_xsd_has() {
    let response = opvragen_bpvos::Response {
        kop: kop(),
        bpvos: vec![BpvoDetail {
            bpvo_kenmerk: "K1".to_owned(),
            leerbedrijf_id: bedrijf(),
            code: code(),
            begindatum: datum(),
            einddatum_gepland: datum(),
            einddatum_werkelijk: Some(datum()),
            keuzedelen: vec![KeuzedeelDetail {
                code: code(),
                begindatum: datum(),
                einddatum_gepland: datum(),
            }],
            herkomst: Herkomst::Beide,
            verschil: some("code 25182"),
        }],
        volgende_cursor: some("02"),
    };
    assert_full::<OpvragenBpvos>(
        &response,
        &[
            ("antwoord", "OpvragenBpvosResponseType"),
            ("bpvos", "BpvosType"),
            ("bpvo", "BpvoType"),
            ("keuzedelen", "KeuzedelenType"),
            ("keuzedeel", "KeuzedeelType"),
        ],
    );
}

fn abonnement() -> AbonnementDetail {
    let afnemer = Oin::parse("00000099000000000001").unwrap();
    AbonnementDetail {
        abonnement_id: AbonnementId(Uuid::nil()),
        school_oin: Some(afnemer),
        afnemer_oin: afnemer,
        kanaal: Kanaal::Webhook,
        eindpunt: some("https://sis.example/mutaties"),
        mutatie_soorten: vec![MutatieSoort::ErkenningBeeindigd],
        codes: vec![code()],
        status: AbonnementStatus::PushGestopt,
        laatste_volgnummer: 2,
        oudste_onbezorgd_op: Some(Tijdstip::EPOCH),
        geheim: some("whsec_"),
        per_bericht: 1,
        ed25519: true,
        reden: some("HTTP 410"),
        aangemaakt_op: Tijdstip::EPOCH,
        volledig_tot_en_met: 1,
        oudste_volgnummer: 1,
        laatste_poging_op: Some(Tijdstip::EPOCH),
        laatste_poging_uitkomst: some("HTTP 410"),
        faalt_sinds: Some(Tijdstip::EPOCH),
    }
}

#[test]
fn abonnementen_write_all_that_the_xsd_has() {
    let one = || abonnementen::Response {
        kop: kop(),
        abonnement: Some(abonnement()),
    };
    let lists = [
        ("mutatieSoorten", "MutatieSoortenType"),
        ("codes", "CodesType"),
    ];
    assert_full::<AanmeldenAbonnement>(&one(), &[("antwoord", "AanmeldenAbonnementResponseType")]);
    assert_full::<WijzigenAbonnement>(&one(), &[("antwoord", "WijzigenAbonnementResponseType")]);
    assert_full::<BeeindigenAbonnement>(
        &one(),
        &[("antwoord", "BeeindigenAbonnementResponseType")],
    );
    assert_full::<AanmeldenAbonnement>(&one(), &lists);
    let all = abonnementen::opvragen::Response {
        kop: kop(),
        abonnementen: vec![abonnement()],
    };
    assert_full::<OpvragenAbonnementen>(
        &all,
        &[
            ("antwoord", "OpvragenAbonnementenResponseType"),
            ("abonnementen", "AbonnementenType"),
            ("abonnement", "AbonnementType"),
        ],
    );
}

#[test]
fn opvragen_mutaties_writes_all_that_the_xsd_has() {
    let mutatie = MutatieBericht {
        mutatie_id: Uuid::nil(),
        volgnummer: 2,
        vorig_volgnummer: 1,
        vorig_volgnummer_leerbedrijf: Some(1),
        volledig_tot_en_met: 1,
        mutatie_soort: MutatieSoort::ErkenningBeeindigd.as_str(),
        leerbedrijf_id: bedrijf(),
        naam: "Bakkerij".to_owned(),
        opvolger: Some(bedrijf()),
        code: Some(code()),
        erkenning_status: Some(GemeldeStatus::NietErkend),
        reden: Some(Eindreden::Ingetrokken),
        startdatum: Some(datum()),
        einddatum: Some(datum()),
        ingangsdatum: datum(),
        geregistreerd_op: Tijdstip::EPOCH,
        register_versie: RegisterVersie::default(),
        school_oin: Oin::parse("00000099000000000101").unwrap(),
        bpvo_kenmerken: vec!["K1".to_owned()],
    };
    let response = opvragen_mutaties::Response {
        kop: kop(),
        mutaties: vec![mutatie],
        laatste_volgnummer: Some(2),
        oudste_volgnummer: Some(1),
        meer: false,
    };
    assert_full::<OpvragenMutaties>(
        &response,
        &[
            ("antwoord", "OpvragenMutatiesResponseType"),
            ("mutaties", "MutatiesType"),
            ("mutatie", "MutatieType"),
            ("bpvoKenmerken", "BpvoKenmerkenType"),
        ],
    );
}

#[test]
fn vergelijken_mutaties_writes_all_that_the_xsd_has() {
    let response = vergelijken_mutaties::Response {
        kop: kop(),
        gelijk: Some(false),
        ontbrekend: vec![Interval { vanaf: 1, tot: 2 }],
        laatste_volgnummer: Some(2),
        oudste_volgnummer: Some(1),
    };
    assert_full::<VergelijkenMutaties>(
        &response,
        &[
            ("antwoord", "VergelijkenMutatiesResponseType"),
            ("ontbrekend", "OntbrekendType"),
            ("interval", "IntervalType"),
        ],
    );
}
