//! What several answers hold.

use std::fmt;

use crate::{
    domain::{Adres, Leerweg},
    operations::Kop,
    soap::XmlWriter,
};

/// The beginning of every answer (domain §2, "Messages").
pub(super) fn kop(w: &mut XmlWriter, kop: &Kop) {
    w.value("signaalcode", kop.signaalcode.code());
    w.opt_text("signaaltekst", kop.signaaltekst.as_deref());
    w.value("registerVersie", kop.register_versie);
    w.value("registerTijdstip", kop.register_tijdstip);
}

/// An address under this name.
pub(super) fn adres(w: &mut XmlWriter, name: &'static str, adres: &Adres) {
    w.element(name, |w| {
        w.opt_text("straat", adres.straat.as_deref());
        w.opt_value("huisnummer", adres.huisnummer);
        w.opt_text(
            "huisnummertoevoeging",
            adres.huisnummertoevoeging.as_deref(),
        );
        w.opt_text("postcode", adres.postcode.as_deref());
        w.text("plaats", &adres.plaats);
        w.text("land", &adres.land);
        if let Some(coordinaten) = adres.coordinaten {
            w.element("coordinaten", |w| {
                w.value("lat", Graden(coordinaten.lat));
                w.value("lon", Graden(coordinaten.lon));
            });
        }
    });
}

/// An optional address under this name.
pub(super) fn opt_adres(w: &mut XmlWriter, name: &'static str, value: Option<&Adres>) {
    if let Some(value) = value {
        adres(w, name, value);
    }
}

/// `leerwegen/leerweg`.
pub(super) fn leerwegen(w: &mut XmlWriter, leerwegen: &[Leerweg]) {
    w.list("leerwegen", "leerweg", leerwegen, |w, leerweg| {
        w.escaped(leerweg.as_str());
    });
}

/// Degrees with at most eight decimals, about a millimetre, and no exponent.
struct Graden(f64);

impl fmt::Display for Graden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.8}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_xs_decimal_with_eight_decimals_at_most() {
        for (degrees, expect) in [
            (52.0, "52"),
            (4.5, "4.5"),
            (-0.000_000_001, "-0"),
            (52.123_456_789, "52.12345679"),
            (1e-7, "0.0000001"),
            (-180.0, "-180"),
            (100.0, "100"),
        ] {
            assert_eq!(Graden(degrees).to_string(), expect);
        }
    }
}
