//! SOAP 1.1 messages: envelope, WS-Addressing, faults. A leaf: knows nothing of our operations.
//!
//! A message is read in one pass, without a tree: [`reader::Reader`] gives tokens of well-formed
//! XML within limits, [`Envelope`] takes the headers and stops at the Body's child, and
//! [`BodyReader`] lets the owner of that child take its fields in the order of the XSD.

mod addressing;
mod body;
mod chars;
mod declaration;
mod envelope;
mod fault;
mod reader;
mod request;
mod tag;
mod writer;

pub use addressing::{Addressing, anonymous, oin_of};
pub use body::{BodyError, BodyReader, Lijst, TEKST, Vorm};
pub use declaration::is_utf8;
pub use envelope::{Envelope, Reply, write_envelope};
pub use fault::{Fault, FaultCode};
pub use reader::XmlLimits;
pub use request::{Verzoekadressen, write_request};
pub use writer::XmlWriter;

/// The namespaces that a message of ours can hold.
pub mod ns {
    /// SOAP 1.1.
    pub const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
    /// SOAP 1.2, which is refused.
    pub const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";
    /// WS-Addressing 1.0.
    pub const WSA: &str = "http://www.w3.org/2005/08/addressing";
    /// Attributes about validation, such as `xsi:nil`.
    pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
    /// The built-in types.
    pub const XSD: &str = "http://www.w3.org/2001/XMLSchema";
    /// What the prefix `xml` is bound to.
    pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
    /// What the prefix `xmlns` is bound to.
    pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
    /// The messages of the gateway.
    pub const WHITELABEL: &str = "urn:stagepoort:whitelabel:v1";
    /// The messages to a subscriber's service.
    pub const MUTATIEONTVANGER: &str = "urn:stagepoort:mutatieontvanger:v1";
}
