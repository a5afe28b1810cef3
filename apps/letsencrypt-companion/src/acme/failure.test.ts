import { readComplaint } from "./failure";

const VALIDATION = `Saving debug log to /run/companion/logs/letsencrypt.log
Requesting a certificate for a.example and 2 more domains

Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: b.example
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for b.example

  Domain: c.example
  Type:   unauthorized
  Detail: Invalid response from http://c.example/.well-known/acme-challenge/x: 404

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.

Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org. See the logfile /run/companion/logs/letsencrypt.log or re-run Certbot with -v for more details.
`;

test("names the domains that could not be validated, and why", () => {
  expect(readComplaint(VALIDATION)).toEqual({
    message: "the CA could not validate b.example, c.example",
    domains: [
      { domain: "b.example", type: "dns", detail: expect.stringContaining("NXDOMAIN") as string },
      {
        domain: "c.example",
        type: "unauthorized",
        detail: expect.stringContaining("404") as string,
      },
    ],
  });
});

test("repeats what else went wrong, without certbot's advice", () => {
  const output = `Saving debug log to /x
An unexpected error occurred:
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='ca.example', port=14000): Max retries exceeded
Ask for help or search for solutions at https://community.letsencrypt.org.
`;
  expect(readComplaint(output)).toEqual({
    message: expect.stringMatching(/^requests.exceptions.ConnectionError: HTTPSConn/) as string,
    domains: [],
  });
  expect(readComplaint("")).toEqual({ message: "certbot said nothing", domains: [] });
});

test("knows until when a CA wants to be left alone", () => {
  const output =
    "An unexpected error occurred:\nError creating new order :: too many certificates (5) already issued for this " +
    "exact set of identifiers in the last 168h0m0s, retry after 2026-06-12 10:20:30 UTC: see https://letsencrypt.org/docs/";
  expect(readComplaint(output).retryAfter).toEqual(new Date("2026-06-12T10:20:30Z"));
});
