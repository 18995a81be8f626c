//! What is made, judged by the `openssl` command.

mod binary;
mod crl;
mod folder;
mod helpers;
mod openssl;
mod refused;
