//! SOAP: one endpoint, dispatch on the QName of the Body's child.
