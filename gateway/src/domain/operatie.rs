//! The operations of the contract by name (domain §2).

use std::fmt;

macro_rules! operaties {
    ($($(#[$meta:meta])* $variant:ident = $name:literal;)+) => {
        /// An operation that works, named as in WSDL, OpenAPI (`operationId`) and mandates.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operatie {
            $($(#[$meta])* $variant,)+
        }

        impl Operatie {
            /// All of them, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the contract.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The operation with this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

operaties! {
    /// Identify a leerbedrijf, by id or by name and address.
    VaststellenLeerbedrijf = "vaststellenLeerbedrijf";
    /// The same for up to 1,000 rows of a relation file.
    VaststellenLeerbedrijven = "vaststellenLeerbedrijven";
    /// Is it erkend for this code on this date?
    NatrekkenErkenning = "natrekkenErkenning";
    /// The same for up to 10,000 lines at once.
    NatrekkenErkenningen = "natrekkenErkenningen";
    /// Address, contact data and erkenningen.
    OpvragenDetailgegevens = "opvragenDetailgegevens";
    /// Search erkenningen or leerplaatsen.
    ZoekenLeerplaatsen = "zoekenLeerplaatsen";
    /// Keep which bpvo's a school has running.
    RegistrerenBpvos = "registrerenBpvos";
    /// What is registered for a school.
    OpvragenBpvos = "opvragenBpvos";
    /// Subscribe to the mutaties of a school, or of all.
    AanmeldenAbonnement = "aanmeldenAbonnement";
    /// Which subscriptions there are, and how they stand.
    OpvragenAbonnementen = "opvragenAbonnementen";
    /// Change, pause or resume a subscription, or test it.
    WijzigenAbonnement = "wijzigenAbonnement";
    /// End a subscription.
    BeeindigenAbonnement = "beeindigenAbonnement";
    /// The mutaties of a subscription by number.
    OpvragenMutaties = "opvragenMutaties";
    /// Does the receiver have everything?
    VergelijkenMutaties = "vergelijkenMutaties";
}

impl fmt::Display for Operatie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
