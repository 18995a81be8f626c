//! SOAP 1.1 messages: envelope, WS-Addressing, faults. A leaf: knows nothing of our operations.
