//! opvragenBpvos over SOAP.

use super::Bewerking;
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, Writing,
        opvragen_bpvos::{BpvoDetail, Request, Response, run},
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
};

pub(super) struct OpvragenBpvos;

impl Bewerking for OpvragenBpvos {
    const OPERATIE: Operatie = Operatie::OpvragenBpvos;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "OpvragenBpvosRequestType",
        elementen: &["schoolOin", "cursor", "minimaleRegisterVersie"],
        lijsten: &[],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            school_oin: vraag.text("schoolOin")?,
            cursor: vraag.text("cursor")?,
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
        run(ctx, request)
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        w.list("bpvos", "bpvo", &response.bpvos, bpvo);
        w.opt_text("volgendeCursor", response.volgende_cursor.as_deref());
    }
}

fn bpvo(w: &mut XmlWriter, bpvo: &BpvoDetail) {
    w.text("bpvoKenmerk", &bpvo.bpvo_kenmerk);
    w.value("leerbedrijfId", bpvo.leerbedrijf_id);
    w.value("code", bpvo.code);
    w.value("begindatum", bpvo.begindatum);
    w.value("einddatumGepland", bpvo.einddatum_gepland);
    w.opt_value("einddatumWerkelijk", bpvo.einddatum_werkelijk);
    w.list(
        "keuzedelen",
        "keuzedeel",
        &bpvo.keuzedelen,
        |w, keuzedeel| {
            w.value("code", keuzedeel.code);
            w.value("begindatum", keuzedeel.begindatum);
            w.value("einddatumGepland", keuzedeel.einddatum_gepland);
        },
    );
    w.text("herkomst", bpvo.herkomst.as_str());
    w.opt_text("verschil", bpvo.verschil.as_deref());
}
