//! Is this leerbedrijf erkend over a whole period? Day by day that is the question of
//! natrekkenErkenning; here it is asked only where the answer can change.

use super::{
    Rules,
    natrekken_erkenning::{
        ErkenningStatus, Grondslag, Question, Successor, Uitkomst, answer, successor,
    },
};
use crate::{
    domain::{Code, Datum, LeerbedrijfId, Signaalcode},
    replica::View,
};

/// A period, both days inclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Periode {
    pub(crate) van: Datum,
    pub(crate) tot: Datum,
}

/// What a period came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Oordeel {
    /// ERKEND when every day is.
    pub(crate) status: ErkenningStatus,
    /// 181 when it is erkend on the first day and not on every one; else what natrekkenErkenning
    /// says of the first day, and 102 also when the leerbedrijf is succeeded on a later one.
    pub(crate) signaalcode: Signaalcode,
    /// The last day up to which it is erkend without a gap from the first day on, which may lie
    /// behind the period; when it is not erkend on the first day, the last day of the nearest
    /// period of erkenning. None where no end is known.
    pub(crate) einddatum: Option<Datum>,
}

/// By what a leerbedrijf is erkend for a code on a day (domain rules 5 and 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Draagt {
    /// The leerbedrijf that answers: the one asked, or its successor.
    pub(crate) leerbedrijf_id: LeerbedrijfId,
    /// The code whose erkenning counts: the one asked, or an equivalent.
    pub(crate) code: Code,
    /// ERKENNING, EQUIVALENT or KEUZEDEEL.
    pub(crate) grondslag: Grondslag,
}

/// What carries a code on one day; none when nothing does.
pub(crate) fn draagt_op(
    view: &View,
    rules: Rules,
    id: LeerbedrijfId,
    code: Code,
    dag: Datum,
) -> Option<Draagt> {
    let mut uitkomst = Uitkomst::default();
    answer(view, rules, &Question { id, code, dag }, &mut uitkomst);
    Some(Draagt {
        leerbedrijf_id: uitkomst.beantwoord_voor.unwrap_or(id),
        code: uitkomst.erkend_voor_code.unwrap_or(code),
        grondslag: uitkomst.grondslag?,
    })
}

/// Judges every day of the period by domain rules 5 and 7.
pub(crate) fn erkend_over(
    view: &View,
    rules: Rules,
    id: LeerbedrijfId,
    code: Code,
    periode: Periode,
) -> Oordeel {
    let mut dag = periode.van;
    let mut carried: Option<Datum> = None;
    let mut first = Signaalcode::GeenBijzonderheden;
    loop {
        let question = Question { id, code, dag };
        let mut uitkomst = Uitkomst::default();
        let signaalcode = answer(view, rules, &question, &mut uitkomst);
        if dag <= periode.tot && first == Signaalcode::GeenBijzonderheden {
            first = signaalcode;
        }
        if uitkomst.erkenning_status != Some(ErkenningStatus::Erkend) {
            return match carried {
                None => not_at_all(signaalcode, uitkomst.einddatum),
                Some(last) => up_to(last, periode, first),
            };
        }
        let Some(last) = last_day(view, &question, &uitkomst) else {
            return Oordeel {
                status: ErkenningStatus::Erkend,
                signaalcode: first,
                einddatum: None,
            };
        };
        let next = last.plus_days(1);
        // The calendar ends at 2199-12-31.
        if next <= dag {
            return up_to(last, periode, first);
        }
        (carried, dag) = (Some(last), next);
    }
}

fn not_at_all(signaalcode: Signaalcode, einddatum: Option<Datum>) -> Oordeel {
    Oordeel {
        status: ErkenningStatus::NietErkend,
        signaalcode,
        einddatum,
    }
}

fn up_to(last: Datum, periode: Periode, first: Signaalcode) -> Oordeel {
    let whole = last >= periode.tot;
    Oordeel {
        status: if whole {
            ErkenningStatus::Erkend
        } else {
            ErkenningStatus::NietErkend
        },
        signaalcode: if whole {
            first
        } else {
            Signaalcode::BpvoLangerDanErkenning
        },
        einddatum: Some(last),
    }
}

/// The last day on which what carries this day still does: the end of the erkenning, of the
/// equivalence, or the day before a successor answers.
fn last_day(view: &View, question: &Question, uitkomst: &Uitkomst) -> Option<Datum> {
    let equivalence = uitkomst.erkend_voor_code.and_then(|voor| {
        let all = view.equivalenten(question.code).iter();
        let mut holding = all.filter(|e| e.equivalent_met == voor && e.holds_on(question.dag));
        // Of several that hold, the one that lasts longest; none when that one has no end.
        holding.try_fold(question.dag, |last, e| Some(last.max(e.tot?)))
    });
    let equivalence = equivalence.filter(|_| uitkomst.grondslag == Some(Grondslag::Equivalent));
    [
        uitkomst.einddatum,
        equivalence,
        before_successor(view, question),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// The day before somebody else answers for this leerbedrijf.
fn before_successor(view: &View, question: &Question) -> Option<Datum> {
    let asked = view.kern(question.id)?;
    match successor(view, asked, question.dag) {
        Successor::Itself(kern) | Successor::Other(kern) => {
            let opvolging = kern.opvolging?;
            Some(opvolging.opgevolgd_per.plus_days(-1))
        }
        Successor::Unknown => None,
    }
}
