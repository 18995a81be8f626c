//! See [`crate::fuzzing`].

use uuid::Uuid;

use super::exchange::{check, operatie_of};
use crate::{
    domain::Oin,
    soap::{Addressing, Envelope, Fault, Reply, XmlLimits, XmlWriter, write_envelope},
};

const LIMITS: XmlLimits = XmlLimits {
    depth: 32,
    elements: 10_000,
    attributes: 64,
};

/// More than what a fault says of a message, and mirrors of its addresses.
const MOST_BYTES: usize = 16 * 1024;

/// A whole message.
pub fn message(data: &[u8]) {
    match Envelope::open(data, LIMITS) {
        Err(fault) => told(&fault, &Addressing::default()),
        Ok(mut envelope) => {
            for fault in faults(&mut envelope) {
                told(&fault, &envelope.addressing);
            }
        }
    }
}

/// All that is wrong with it, whoever sent it.
fn faults(envelope: &mut Envelope<'_>) -> Vec<Fault> {
    let (namespace, local) = envelope.body_name();
    let operatie = operatie_of(namespace, local);
    let read = envelope.read_body(|body| match operatie {
        Some(operatie) => check(operatie, body),
        None => Err(body.refuse("Geen vraag van deze service.".to_owned())),
    });
    let own = Oin::parse("00000099000000000000");
    let headers = own.into_iter().flat_map(|own| {
        let check = |required| envelope.addressing.check_request(required, own).err();
        [check(true), check(false)]
    });
    let body = match read {
        Err(fault) | Ok(Err(fault)) => Some(fault),
        Ok(Ok(())) => None,
    };
    headers.flatten().chain(body).collect()
}

/// A fault is a message that we read ourselves, and not much longer than what it mirrors.
fn told(fault: &Fault, request: &Addressing<'_>) {
    let mut w = XmlWriter::default();
    let reply = Reply {
        request,
        action: "urn:x",
        message_id: Uuid::nil(),
        comment: fault.comment(),
    };
    write_envelope(&mut w, &reply, |w| fault.write(w));
    let written = w.into_bytes();
    let mirrored = [&request.to, &request.from, &request.message_id];
    let mirrored = mirrored.into_iter().flatten().map(|text| text.len());
    // A character can become six: &quot;.
    let most = MOST_BYTES + 6 * mirrored.sum::<usize>();
    assert!(written.len() < most, "{} bytes", written.len());
    let read = Envelope::open(&written, LIMITS);
    assert!(read.is_ok(), "{}", String::from_utf8_lossy(&written));
}
