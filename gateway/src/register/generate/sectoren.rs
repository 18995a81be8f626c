//! Trades: which kwalificaties belong together, and how companies in them are called.

/// A trade.
#[derive(Debug)]
pub(super) struct Sector {
    /// Weight among all companies.
    pub(super) aandeel: u32,
    /// Parts of a kwalificatie's name, in lower case, by which it is recognised.
    trefwoorden: &'static [&'static str],
    /// Company names: `{a}` and `{b}` are surnames, `{v}` a first name, `{d}` a name such as
    /// "De Linde", `{p}` the place, `{r}` a legal form, which may be empty.
    pub(super) namen: &'static [&'static str],
    /// Titles of places on offer: `{o}` is the kwalificatie.
    pub(super) leerplaatsen: &'static [&'static str],
}

/// The trade of a kwalificatie that fits none: every company has an office.
pub(super) const KANTOOR: usize = SECTOREN.len() - 1;
/// Trades that companies of any kind also train for.
pub(super) const OVERAL: [usize; 2] = [KANTOOR, KANTOOR - 1];

/// Which trade a kwalificatie of this name belongs to. The first that recognises it wins.
pub(super) fn sector_of(opleidingsnaam: &str) -> usize {
    let naam = opleidingsnaam.to_lowercase();
    SECTOREN
        .iter()
        .position(|s| s.trefwoorden.iter().any(|t| naam.contains(t)))
        .unwrap_or(KANTOOR)
}

const DAGEN: &[&str] = &["{o} gezocht", "Stage {o}", "Leer het vak van {o}"];

#[rustfmt::skip]
pub(super) const SECTOREN: &[Sector] = &[
    Sector {
        aandeel: 50,
        trefwoorden: &["kapper", "salonmanager", "schoonheid", "pedicure", "grime"],
        namen: &[
            "Kapsalon {v}", "Kapsalon {v} & {w}", "Haarmode {v}", "Salon {v}", "{v}'s Haarstudio",
            "Schoonheidssalon {v}", "Beautysalon {d}", "Barbershop {p}", "Hair & Care {p}",
            "Kapper {s}", "Haarwerk {a}", "Instituut {v} Huidverzorging",
        ],
        leerplaatsen: &["Stage in onze salon", "Leerling {o}"],
    },
    Sector {
        aandeel: 45,
        trefwoorden: &[
            "apotheker", "doktersassist", "tandarts", "tandtech", "opti", "audicien", "orthoped",
            "steriele", "oogheel", "laborant", "analist",
        ],
        namen: &[
            "Apotheek {d}", "Huisartsenpraktijk {d}", "Huisartsenpraktijk {a}",
            "Huisartsenpraktijk {a} & {b}", "Tandartspraktijk {a}", "Tandheelkundig Centrum {p}",
            "Gezondheidscentrum {d}", "Optiek {a}", "Mondzorg {d}", "Medisch Centrum {p}{r}",
        ],
        leerplaatsen: &["{o} in opleiding", "Stage aan de balie en in de behandelkamer"],
    },
    Sector {
        aandeel: 60,
        trefwoorden: &[
            "dier", "veehoud", "teelt", "hovenier", "groen", "agra", "agro", "paard", "hoefsmid",
            "natuur,", "bloem", "plant", "loonwerk", "milieu-", "vruchtbaarheid",
        ],
        namen: &[
            "Hoveniersbedrijf {a}", "Hoveniersbedrijf {d}{r}", "{a} Groenvoorziening{r}",
            "Melkveebedrijf {a}", "Mts. {a}-{b}", "Loonbedrijf {a}{r}", "Kwekerij {d}",
            "Gebr. {a} Kwekerijen{r}", "Dierenkliniek {p}", "Manege {d}", "Bloemsierkunst {v}",
            "Tuincentrum {d}{r}", "Boerderij {d}", "Fruitbedrijf {a} & Zn.",
        ],
        leerplaatsen: &["Werken in het groen", "Stage {o}", "Handen uit de mouwen als {o}"],
    },
    Sector {
        aandeel: 110,
        trefwoorden: &["verzorgende", "verpleeg", "zorg", "begeleider", "agogisch", "helpende"],
        namen: &[
            "Zorggroep {d}", "Stichting {d}", "Woonzorgcentrum {d}", "Thuiszorg {p}{r}",
            "Stichting Zorg & Wonen {p}", "Zorgboerderij {d}", "Verpleeghuis {d}",
            "Thuiszorg {d}", "Stichting Gehandicaptenzorg {p} e.o.", "{a} Zorg{r}",
            "Coöperatie {d} Zorg U.A.", "Hospice {d}",
        ],
        leerplaatsen: &["Leerling {o}", "Stage {o} op de afdeling", "Werken en leren in de wijk"],
    },
    Sector {
        aandeel: 75,
        trefwoorden: &["pedagog", "onderwijs", "sociaal", "praktijkopleider"],
        namen: &[
            "Kinderdagverblijf {d}", "Kinderopvang {d}{r}", "Peuterspeelzaal {d}",
            "Basisschool {d}", "Obs {d}", "Cbs {d}", "Buurthuis {d}", "Stichting Welzijn {p}",
            "Gastouderopvang {v}", "Stichting Kinderopvang {p}", "Bso {d}", "Jongerenwerk {p}",
        ],
        leerplaatsen: &["Stage op de groep", "{o} in opleiding"],
    },
    Sector {
        aandeel: 30,
        trefwoorden: &[
            "sport", "bewegings", "recreatie", "leisure", "travel", "luchtvaartdienst",
        ],
        namen: &[
            "Sportcentrum {d}{r}", "Zwembad {d}", "Fitness {p}{r}", "Vakantiepark {d}{r}",
            "Camping {d}", "Sportservice {p}", "Budoschool {a}", "Reisburo {a}",
        ],
        leerplaatsen: &["Stage sport en bewegen", "Een seizoen bij ons als {o}"],
    },
    Sector {
        aandeel: 35,
        trefwoorden: &[
            "bakker", "slager", "patiss", "voeding", "medewerker vers", "versindustrie",
            "ondernemer vers", "worst",
        ],
        namen: &[
            "Bakkerij {a}", "Bakkerij {a} & Zn.", "Banketbakkerij {a}{r}", "Slagerij {a}",
            "Slagerij {a} & {b}", "Patisserie {v}", "Warme Bakker {a}", "Brood & Zo {p}",
            "Kaashandel {a}{r}", "Pâtisserie Crème de {v}", "{a} Versproducten{r}",
        ],
        leerplaatsen: &["{o} met smaak gezocht", "Leerling {o}"],
    },
    Sector {
        aandeel: 85,
        trefwoorden: &[
            "kok", "keuken", "horeca", "gastheer", "bediening", "fastservice", "gastronoom",
        ],
        namen: &[
            "Restaurant {d}", "Restaurant 't {t}", "Eetcafé 't {t}", "Café-Restaurant {d}",
            "Hotel {d}{r}", "Brasserie {d}", "Bistro {v}", "Herberg 't {t}", "Lunchroom {v}",
            "Eethuis {a}", "Trattoria Da {v}", "Cafetaria {d}", "Pannenkoekenhuis 't {t}",
            "Grand Café {p}", "Strandpaviljoen {d}", "{a} Horeca{r}",
        ],
        leerplaatsen: &["Stage in de keuken", "Leerling {o}", "Stage in de bediening"],
    },
    Sector {
        aandeel: 60,
        trefwoorden: &[
            "auto", "mobiliteit", "fiets", "motor", "scooter", "caravan", "carrosserie",
            "mobiele werktuigen", "verbranding",
        ],
        namen: &[
            "Autobedrijf {a}", "Autobedrijf {a} & Zn.", "Garage {a}{r}", "Gebr. {a} Auto's{r}",
            "Autoservice {p}", "Fietsspeciaalzaak {a}", "{a} Bedrijfswagens{r}",
            "Autoschade {p}{r}", "Rijwielhandel {a}", "Garagebedrijf {a}-{b}{r}", "Motorhuis {a}",
        ],
        leerplaatsen: &["Leerling {o} in de werkplaats", "Stage {o}"],
    },
    Sector {
        aandeel: 95,
        trefwoorden: &[
            "monteur", "install", "elektro", "lasser", "constructie", "plaatwerk", "pijpen",
            "verspan", "technicus", "mechatron", "operator", "werktuig", "isolatie",
            "engineering", "tekenaar", "koude", "gereedschap", "instrumentmaker", "scheeps",
            "operationele techniek", "procestechniek", "maintenance", "vliegtuig",
        ],
        namen: &[
            "Installatiebedrijf {a}{r}", "{a} Installatietechniek{r}", "Gebr. {a} Techniek{r}",
            "Elektrotechniek {a}", "{a} & {b} Installaties{r}", "Machinefabriek {a}{r}",
            "Constructiebedrijf {a}{r}", "Metaalbewerking {p}{r}", "{a} Staal{r}",
            "Loodgietersbedrijf {a} & Zn.", "{a} Koeltechniek{r}", "Lasbedrijf {a}",
            "Technisch Bureau {a}{r}",
        ],
        leerplaatsen: &["Leerling {o}", "Leerbaan techniek: {o}", "Stage {o}"],
    },
    Sector {
        aandeel: 100,
        trefwoorden: &[
            "timmer", "metsel", "schilder", "stukad", "tegel", "bouw", "dakdek", "beton", "infra",
            "gww", "straatmaker", "voeg", "sloper", "steiger", "vloer", "glaszet", "parket",
            "plafond", "natuursteen", "wegen", "grondverzet", "meubel", "hout", "stoffeer",
            "asfalt", "hijswerk", "vastgoed",
        ],
        namen: &[
            "Bouwbedrijf {a}{r}", "Aannemersbedrijf {a} & Zn.{r}", "Gebr. {a} Bouw{r}",
            "Timmerbedrijf {a}", "Schildersbedrijf {a}", "{a} & {b} Bouw{r}", "Bouwgroep {p}{r}",
            "Aannemersmaatschappij {a}{r}", "Stukadoorsbedrijf {a}", "{a} Afbouw{r}",
            "Metselwerken {a}", "Firma {a} en Zonen", "{a} Infra{r}",
            "Straatmakersbedrijf {v} {a}", "Interieurbouw {a}{r}", "Dakwerken {p}{r}",
        ],
        leerplaatsen: &["Leerling {o}", "Bouw mee als {o}", "Stage {o} op de bouwplaats"],
    },
    Sector {
        aandeel: 15,
        trefwoorden: &["beveilig", "toezicht", "handhaver", "grondoptreden", "maritiem"],
        namen: &[
            "Beveiliging {p}{r}", "{a} Beveiliging{r}", "{a} Security{r}",
            "Bewakingsdienst {d}{r}", "Toezicht & Handhaving {p}",
        ],
        leerplaatsen: DAGEN,
    },
    Sector {
        aandeel: 85,
        trefwoorden: &[
            "verkoop", "verkoper", "retail", "mode", "juwelier", "fashion", "stylist",
            "interieuradvis", "smid", "schoen", "uurwerk", "keramist", "zadel",
        ],
        namen: &[
            "{a} Mode", "Modehuis {a}", "Boekhandel {a}", "Supermarkt {a}{r}", "Schoenen {a}",
            "Juwelier {a}", "{v}'s Boetiek", "Woonwinkel {d}", "Drogisterij {a}",
            "Doe-het-zelf {a}{r}", "{a} Wonen & Slapen{r}", "Speelgoedhuis 't {t}",
            "Dierenspeciaalzaak {d}", "Naaimachinehandel {a}", "De {t} Cadeaus",
        ],
        leerplaatsen: &["Stage in de winkel", "{o} met oog voor de klant"],
    },
    Sector {
        aandeel: 30,
        trefwoorden: &[
            "media", "av-", "foto", "dtp", "podium", "drukker", "print", "sign", "vormgev",
            "acteur", "danser", "musical", "muzikant", "decor", "bibliotheek",
        ],
        namen: &[
            "Drukkerij {a}{r}", "Reclamebureau {a} & {b}", "Studio {v}", "{a} Reclame{r}",
            "Fotografie {v} {a}", "Theater {d}", "Signmakers {p}{r}", "Ontwerpbureau {d}",
            "Uitgeverij {d}{r}", "Poppodium {d}",
        ],
        leerplaatsen: DAGEN,
    },
    Sector {
        aandeel: 30,
        trefwoorden: &["ict", "software", "applicatie", "netwerk", "it systems", "gamedev"],
        namen: &[
            "{a} Automatisering{r}", "{a} ICT{r}", "{a} & {b} Software{r}", "Webbureau {p}",
            "Datadiensten {p}{r}", "{d} Systemen{r}", "Computerwinkel {a}",
            "Netwerkbeheer {p}{r}",
        ],
        leerplaatsen: &["Stage {o}", "{o} met een eigen project"],
    },
    Sector {
        aandeel: 55,
        trefwoorden: &[
            "logist", "chauffeur", "haven", "transport", "machinist", "schipper", "lucht",
            "planner", "parts", "bagger", "groothandel",
        ],
        namen: &[
            "Transportbedrijf {a}{r}", "{a} Transport{r}", "Gebr. {a} Logistiek{r}",
            "{a} & Zonen Wegvervoer{r}", "Expeditie {p}{r}", "Taxi {a}", "Koeriersdienst {p}",
            "{a} Opslag & Distributie{r}", "Touringcarbedrijf {a}{r}", "Rederij {d}{r}",
        ],
        leerplaatsen: &["Leerbaan {o}", "Stage in het magazijn", "Leerling {o}"],
    },
    Sector {
        aandeel: 20,
        trefwoorden: &[
            "facilitair", "schoonmak", "schoonmaak", "objectleider", "glazenwasser", "afval",
            "openbare ruimte", "bor", "dienstverlening",
        ],
        namen: &[
            "Schoonmaakbedrijf {a}{r}", "Facilitaire Diensten {p}{r}", "{a} Services{r}",
            "Glazenwasserij {a}", "Schoon & Zo {p}", "Reiniging {p}{r}",
        ],
        leerplaatsen: DAGEN,
    },
    Sector {
        aandeel: 75,
        trefwoorden: &["administra", "secreta", "commercieel", "financ"],
        namen: &[
            "Administratiekantoor {a}", "{a} & {b} Accountants{r}", "Notariskantoor {a}",
            "Makelaardij {a}{r}", "{a} Advies", "Assurantiekantoor {a}{r}", "{a} Beheer{r}",
            "Advocatenkantoor {a} & {b}", "Uitzendbureau {p}{r}", "Woningstichting {d}",
            "Handelsonderneming {a}{r}", "{a} Groep N.V.",
        ],
        leerplaatsen: &["Stage {o} op kantoor", "{o} met verantwoordelijkheid"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kwalificatie_finds_companies_of_its_trade() {
        let check = |naam: &str, expect: &str| {
            let sector = &SECTOREN[sector_of(naam)];
            assert!(
                sector.namen.iter().any(|n| n.contains(expect)),
                "{naam} has no {expect}"
            );
        };
        check("Kok", "Restaurant");
        check("Allround timmerman", "Bouwbedrijf");
        check("Allround kapper", "Kapsalon");
        check("Verzorgende IG", "Zorggroep");
        check("Vakbekwaam medewerker dierverzorging", "Dierenkliniek");
        check("Eerste autotechnicus", "Autobedrijf");
        check(
            "Eerste monteur elektrotechnische installaties",
            "Installatiebedrijf",
        );
        check("Logistiek medewerker", "Transportbedrijf");
        check("Software developer", "Automatisering");
        check("Bedrijfsadministrateur", "Administratiekantoor");
        check("Iets dat niemand kent", "Administratiekantoor");
    }
}
