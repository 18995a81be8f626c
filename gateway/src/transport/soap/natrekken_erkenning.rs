//! natrekkenErkenning over SOAP.

use super::{Bewerking, parts};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        natrekken_erkenning::{
            ErkenningStatus, Grondslag, Reden, Request, Response, Uitkomst, run,
        },
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
};

pub(super) struct NatrekkenErkenning;

impl Bewerking for NatrekkenErkenning {
    const OPERATIE: Operatie = Operatie::NatrekkenErkenning;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "NatrekkenErkenningRequestType",
        elementen: &[
            "leerbedrijfId",
            "code",
            "peildatum",
            "minimaleRegisterVersie",
        ],
        lijsten: &[],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            leerbedrijf_id: vraag.text("leerbedrijfId")?,
            code: vraag.text("code")?,
            peildatum: vraag.text("peildatum")?,
            minimale_register_versie: vraag.text("minimaleRegisterVersie")?,
        })
    }

    fn minimale_register_versie(request: &Request) -> Option<&str> {
        request.minimale_register_versie.as_deref()
    }

    async fn run(
        ctx: &Context<'_>,
        _: &Writing<'_>,
        request: Request,
    ) -> Result<Answer<Response>, Failure> {
        Ok(run(ctx, request))
    }

    fn leerbedrijf_ids(response: &Response) -> Vec<LeerbedrijfId> {
        response.leerbedrijf_ids()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        uitkomst(w, &response.uitkomst);
    }
}

/// The verification, as both operations answer it.
pub(super) fn uitkomst(w: &mut XmlWriter, uitkomst: &Uitkomst) {
    w.opt_text("leerbedrijfId", uitkomst.leerbedrijf_id.as_deref());
    w.opt_text("naam", uitkomst.naam.as_deref());
    w.opt_text("code", uitkomst.code.as_deref());
    w.opt_text("peildatum", uitkomst.peildatum.as_deref());
    w.opt_text(
        "erkenningStatus",
        uitkomst.erkenning_status.map(erkenning_status),
    );
    w.opt_text("grondslag", uitkomst.grondslag.map(grondslag));
    w.opt_value("erkendVoorCode", uitkomst.erkend_voor_code);
    w.opt_text("reden", uitkomst.reden.map(reden));
    w.opt_value("startdatum", uitkomst.startdatum);
    w.opt_value("einddatum", uitkomst.einddatum);
    parts::leerwegen(w, &uitkomst.leerwegen);
    w.opt_value("gedeeltelijk", uitkomst.gedeeltelijk);
    w.opt_value("beantwoordVoor", uitkomst.beantwoord_voor);
    w.opt_value("opvolger", uitkomst.opvolger);
}

pub(super) fn erkenning_status(status: ErkenningStatus) -> &'static str {
    match status {
        ErkenningStatus::Erkend => "ERKEND",
        ErkenningStatus::NietErkend => "NIET_ERKEND",
    }
}

fn grondslag(grondslag: Grondslag) -> &'static str {
    match grondslag {
        Grondslag::Erkenning => "ERKENNING",
        Grondslag::Equivalent => "EQUIVALENT",
        Grondslag::Keuzedeel => "KEUZEDEEL",
    }
}

fn reden(reden: Reden) -> &'static str {
    match reden {
        Reden::NooitVerleend => "NOOIT_VERLEEND",
        Reden::NogNietIngegaan => "NOG_NIET_INGEGAAN",
        Reden::Verlopen => "VERLOPEN",
        Reden::Ingetrokken => "INGETROKKEN",
        Reden::VanRechtswegeVervallen => "VAN_RECHTSWEGE_VERVALLEN",
        Reden::NietVerlengd => "NIET_VERLENGD",
        Reden::LeerbedrijfOnbekend => "LEERBEDRIJF_ONBEKEND",
        Reden::CodeOnbekend => "CODE_ONBEKEND",
    }
}
