"""Receives webhooks as an integrator would, with PyPI's standardwebhooks.

Reads a job as one line of JSON on standard input, {ca, cert, key, geheim}, tells {"poort": …} and then one line of JSON
for each message that came. Ends when its input does.
"""

import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

job = json.loads(sys.stdin.readline())
webhook = Webhook(job["geheim"])


def accepts(body: bytes, headers: dict[str, str]) -> bool:
    try:
        webhook.verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = dict(self.headers.items())
        later = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}
        other = {**headers, "webhook-id": "ander"}
        told = {
            "bericht": json.loads(body),
            "goed": accepts(body, headers),
            "geknoeid": [accepts(body + b" ", headers), accepts(body, later), accepts(body, other)],
        }
        print(json.dumps(told), flush=True)
        self.send_response(204 if told["goed"] else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(job["cert"], job["key"])
context.load_verify_locations(job["ca"])
context.verify_mode = ssl.CERT_REQUIRED
server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"poort": server.server_address[1]}), flush=True)
sys.stdin.read()
