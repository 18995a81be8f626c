// The client's certificate as RFC 9440 has it: base64 of its DER between colons.
function rfc9440(r) {
    const pem = r.variables.ssl_client_raw_cert;
    if (!pem) {
        return '';
    }
    return ':' + pem.replace(/-----(BEGIN|END) CERTIFICATE-----|\s/g, '') + ':';
}

export default { rfc9440 };
