//! registrerenBpvos over SOAP.

use super::{Bewerking, natrekken_erkenning::erkenning_status};
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, Writing,
        registreren_bpvos::{
            InvoerBpvo, InvoerKeuzedeel, MAX_BPVOS, MAX_KEUZEDELEN, Request, Response, run,
        },
    },
    soap::{BodyError, BodyReader, Lijst, Vorm, XmlWriter},
};

pub(super) struct RegistrerenBpvos;

/// Type of `bpvos`.
const BPVOS: Lijst = Lijst {
    soort: "InvoerBpvosType",
    item: "bpvo",
    vorm: &Vorm {
        soort: "InvoerBpvoType",
        elementen: &[
            "bpvoKenmerk",
            "leerbedrijfId",
            "code",
            "begindatum",
            "einddatumGepland",
            "einddatumWerkelijk",
            "keuzedelen",
        ],
        lijsten: &[("keuzedelen", &KEUZEDELEN)],
    },
    max: MAX_BPVOS,
};

/// Type of `keuzedelen`.
const KEUZEDELEN: Lijst = Lijst {
    soort: "InvoerKeuzedelenType",
    item: "keuzedeel",
    vorm: &Vorm {
        soort: "InvoerKeuzedeelType",
        elementen: &["code", "begindatum", "einddatumGepland"],
        lijsten: &[],
    },
    max: MAX_KEUZEDELEN,
};

impl Bewerking for RegistrerenBpvos {
    const OPERATIE: Operatie = Operatie::RegistrerenBpvos;
    const BULK: bool = true;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "RegistrerenBpvosRequestType",
        elementen: &[
            "schoolOin",
            "vervangAlles",
            "proef",
            "bpvos",
            "minimaleRegisterVersie",
        ],
        lijsten: &[("bpvos", &BPVOS)],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            school_oin: vraag.text("schoolOin")?,
            vervang_alles: vraag.boolean("vervangAlles")?.unwrap_or(false),
            proef: vraag.boolean("proef")?.unwrap_or(false),
            bpvos: vraag.list("bpvos", bpvo)?,
            minimale_register_versie: vraag.text("minimaleRegisterVersie")?,
        })
    }

    fn minimale_register_versie(request: &Request) -> Option<&str> {
        request.minimale_register_versie.as_deref()
    }

    async fn run(
        ctx: &Context<'_>,
        writing: &Writing<'_>,
        request: Request,
    ) -> Result<Answer<Response>, Failure> {
        run(ctx, writing, request).await
    }

    fn regels(request: &Request) -> usize {
        request.bpvos.len()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        let telling = &response.telling;
        w.value("toegevoegd", telling.toegevoegd);
        w.value("gewijzigd", telling.gewijzigd);
        w.value("verwijderd", telling.verwijderd);
        w.value("ongewijzigd", telling.ongewijzigd);
        w.list(
            "resultaten",
            "resultaat",
            &response.resultaten,
            |w, resultaat| {
                w.opt_text("bpvoKenmerk", resultaat.bpvo_kenmerk.as_deref());
                w.value("signaalcode", resultaat.signaalcode.code());
                w.opt_text("signaaltekst", resultaat.signaaltekst.as_deref());
                w.opt_text(
                    "erkenningStatus",
                    resultaat.erkenning_status.map(erkenning_status),
                );
                w.opt_value("einddatum", resultaat.einddatum);
            },
        );
    }
}

fn bpvo(bpvo: &mut BodyReader<'_, '_>) -> Result<InvoerBpvo, BodyError> {
    Ok(InvoerBpvo {
        bpvo_kenmerk: bpvo.text("bpvoKenmerk")?,
        leerbedrijf_id: bpvo.text("leerbedrijfId")?,
        code: bpvo.text("code")?,
        begindatum: bpvo.text("begindatum")?,
        einddatum_gepland: bpvo.text("einddatumGepland")?,
        einddatum_werkelijk: bpvo.text("einddatumWerkelijk")?,
        keuzedelen: bpvo.list("keuzedelen", |keuzedeel| {
            Ok(InvoerKeuzedeel {
                code: keuzedeel.text("code")?,
                begindatum: keuzedeel.text("begindatum")?,
                einddatum_gepland: keuzedeel.text("einddatumGepland")?,
            })
        })?,
    })
}
