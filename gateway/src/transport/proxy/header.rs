//! `Client-Cert` and `Client-Cert-Chain`: certificates as byte sequences of RFC 8941.

use actix_web::http::header::{HeaderMap, HeaderValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::CertificateDer;

const CLIENT_CERT: &str = "client-cert";
const CLIENT_CERT_CHAIN: &str = "client-cert-chain";

/// Most certificates in `Client-Cert-Chain`: PKIoverheid has two between root and client.
const MOST_IN_CHAIN: usize = 5;

/// Whether one of the two is there.
pub(super) fn is_there(headers: &HeaderMap) -> bool {
    headers.contains_key(CLIENT_CERT) || headers.contains_key(CLIENT_CERT_CHAIN)
}

/// The client's own certificate, and those that vouch for it.
///
/// # Errors
/// What is wrong with the headers.
pub(super) fn chain(headers: &HeaderMap) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let mut own = headers.get_all(CLIENT_CERT);
    let (Some(only), None) = (own.next(), own.next()) else {
        return Err("Client-Cert must be there, once");
    };
    let mut chain = vec![certificate(text(only)?)?];
    for value in headers.get_all(CLIENT_CERT_CHAIN) {
        for item in text(value)?.split(',') {
            if chain.len() > MOST_IN_CHAIN {
                return Err("Client-Cert-Chain holds more certificates than a chain has");
            }
            chain.push(certificate(item)?);
        }
    }
    Ok(chain)
}

fn text(value: &HeaderValue) -> Result<&str, &'static str> {
    value.to_str().map_err(|_| "the header is not ASCII")
}

/// One certificate: base64 between colons. Parameters behind it mean nothing (RFC 9440 §2.2).
fn certificate(item: &str) -> Result<CertificateDer<'static>, &'static str> {
    const WRONG: &str = "a certificate must be base64 of its DER between colons (RFC 9440)";
    let bare = item.split(';').next().unwrap_or_default().trim();
    let base64 = bare
        .strip_prefix(':')
        .and_then(|rest| rest.strip_suffix(':'))
        .ok_or(WRONG)?;
    let der = STANDARD.decode(base64).map_err(|_| WRONG)?;
    Ok(CertificateDer::from(der))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Vec<Vec<u8>>, &'static str> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        assert!(is_there(&headers) || pairs.is_empty());
        let chain = chain(&headers)?;
        Ok(chain.iter().map(|der| der.to_vec()).collect())
    }

    #[test]
    fn rfc_9440_byte_sequences() {
        let own = (CLIENT_CERT, ":AQID:");
        assert_eq!(read(&[own]), Ok(vec![vec![1, 2, 3]]));
        assert_eq!(read(&[(CLIENT_CERT, " :AQ==: ;a=1")]), Ok(vec![vec![1]]));
        let of_chain = |value| (CLIENT_CERT_CHAIN, value);
        assert_eq!(
            read(&[own, of_chain(":BA==:, :BQ==:"), of_chain(":Bg==:")]),
            Ok(vec![vec![1, 2, 3], vec![4], vec![5], vec![6]])
        );
        for wrong in [
            &[][..],
            &[(CLIENT_CERT, "AQID")],
            &[(CLIENT_CERT, ":AQID")],
            &[(CLIENT_CERT, ":A*ID:")],
            &[(CLIENT_CERT, ":AQID:, :AQID:")],
            &[own, own],
            &[of_chain(":AQID:")],
            &[own, of_chain("")],
            &[own, of_chain(":BA==:,:BA==:,:BA==:,:BA==:,:BA==:,:BA==:")],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
