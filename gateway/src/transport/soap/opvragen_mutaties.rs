//! opvragenMutaties over SOAP.

use super::Bewerking;
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, MutatieBericht, Writing,
        opvragen_mutaties::{Request, Response, run},
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
};

pub(super) struct OpvragenMutaties;

impl Bewerking for OpvragenMutaties {
    const OPERATIE: Operatie = Operatie::OpvragenMutaties;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "OpvragenMutatiesRequestType",
        elementen: &[
            "abonnementId",
            "na",
            "limiet",
            "wachtSeconden",
            "minimaleRegisterVersie",
        ],
        lijsten: &[],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            abonnement_id: vraag.text("abonnementId")?,
            na: vraag.text("na")?,
            limiet: vraag.text("limiet")?,
            wacht_seconden: vraag.text("wachtSeconden")?,
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

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        w.list("mutaties", "mutatie", &response.mutaties, mutatie);
        w.opt_value("laatsteVolgnummer", response.laatste_volgnummer);
        w.opt_value("oudsteVolgnummer", response.oudste_volgnummer);
        w.value("meer", response.meer);
    }
}

fn mutatie(w: &mut XmlWriter, mutatie: &MutatieBericht) {
    w.value("mutatieId", mutatie.mutatie_id);
    w.value("volgnummer", mutatie.volgnummer);
    w.value("vorigVolgnummer", mutatie.vorig_volgnummer);
    w.opt_value(
        "vorigVolgnummerLeerbedrijf",
        mutatie.vorig_volgnummer_leerbedrijf,
    );
    w.value("volledigTotEnMet", mutatie.volledig_tot_en_met);
    w.text("mutatieSoort", mutatie.mutatie_soort);
    w.value("leerbedrijfId", mutatie.leerbedrijf_id);
    w.text("naam", &mutatie.naam);
    w.opt_value("opvolger", mutatie.opvolger);
    w.opt_value("code", mutatie.code);
    w.opt_value("erkenningStatus", mutatie.erkenning_status);
    w.opt_value("reden", mutatie.reden);
    w.opt_value("startdatum", mutatie.startdatum);
    w.opt_value("einddatum", mutatie.einddatum);
    w.value("ingangsdatum", mutatie.ingangsdatum);
    w.value("geregistreerdOp", mutatie.geregistreerd_op);
    w.value("registerVersie", mutatie.register_versie);
    w.value("schoolOin", mutatie.school_oin);
    w.list(
        "bpvoKenmerken",
        "bpvoKenmerk",
        &mutatie.bpvo_kenmerken,
        |w, kenmerk| w.escaped(kenmerk),
    );
}
