//! The only way out for an answer: what it tells of people is on the disk before it leaves (design
//! invariant 11), over SOAP and REST alike.

use super::{Answer, Bevinding, Failure};
use crate::{
    audit::{Spoor, Status, Uitgifte, Verwerkingslog},
    domain::{Caller, Operatie, Tijdstip},
};

/// The way out for the answer to one call.
#[derive(Debug, Clone, Copy)]
pub struct Uitgang<'a> {
    /// Where it is recorded.
    pub verwerkingslog: &'a Verwerkingslog,
    /// Who asked, and for which school.
    pub caller: &'a Caller,
    /// What was asked.
    pub operatie: Operatie,
    /// When.
    pub begin: Tijdstip,
    /// The caller's trace, when it named one (W3C Trace Context).
    pub traceparent: Option<&'a str>,
    /// Draws the ids of a trace.
    pub random: fn() -> [u8; 32],
}

impl Uitgang<'_> {
    /// The answer, and what was wrong with the request's own fields. An answer that is about nobody
    /// does not wait.
    ///
    /// # Errors
    /// [`Failure::NotRecorded`]: it may not leave.
    pub async fn open<R>(&self, answer: Answer<R>) -> Result<(R, Vec<Bevinding>), Failure> {
        let Answer {
            response,
            bevindingen,
            over,
        } = answer;
        if !over.is_empty() {
            let given = [(self.uitgifte(), over)];
            let recorded = self.verwerkingslog.leg_vast(&given).await;
            recorded.map_err(|_| Failure::not_recorded())?;
        }
        Ok((response, bevindingen))
    }

    fn uitgifte(&self) -> Uitgifte {
        Uitgifte {
            naam: self.operatie.as_str(),
            spoor: Spoor::new(self.traceparent, (self.random)()),
            begin: self.begin,
            status: Status::Gelukt,
            afnemer_oin: self.caller.afnemer_oin,
            school_oin: self.caller.school_oin,
        }
    }
}
