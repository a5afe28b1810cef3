import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certbot } from "../src/acme/certbot";
import { createLog } from "../src/log";

const BAD_NONCE =
  "Unable to register an account with ACME server. Error returned by the ACME server: JWS has an invalid anti-replay nonce: 2DDY";
const BAD_NONCE_LATER =
  "The client sent an unacceptable anti-replay nonce :: JWS has an invalid anti-replay nonce: Wq0A";
const set = { name: "a.example", domains: ["a.example"] };

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "certbot-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Orders from a certbot that says these things, one at each run, and then obtains; answers how often it ran too. */
async function order(...said: readonly string[]) {
  said.forEach((words, run) => writeFileSync(join(folder, `says-${run}`), words));
  const binary = join(folder, "certbot");
  writeFileSync(
    binary,
    `#!/bin/sh
run=$(cat ${folder}/runs 2>/dev/null || echo 0)
echo $((run + 1)) >${folder}/runs
! cat ${folder}/says-$run 2>/dev/null
`,
    { mode: 0o755 },
  );
  const obtain = certbot({
    ...{ email: "ops@a.example", directoryUrl: "https://ca.example/dir", binary },
    ...{ profile: undefined, caBundle: undefined },
    ...{ configDirectory: folder, runDirectory: folder, webroot: folder },
    log: createLog(() => undefined),
  });
  const complaint = await obtain(set, new AbortController().signal);
  return { complaint, runs: Number(readFileSync(join(folder, "runs"), "utf8")) };
}

test("an order whose nonces the CA did not take is made again at once", async () => {
  expect(await order(BAD_NONCE, BAD_NONCE_LATER)).toEqual({ complaint: undefined, runs: 3 });
});

test("a CA that takes no nonce is asked three times, and is what failed", async () => {
  expect(await order(BAD_NONCE, BAD_NONCE, BAD_NONCE)).toEqual({
    complaint: { message: BAD_NONCE, domains: [] },
    runs: 3,
  });
});

test("no other failure is tried again at once: what is wrong would still be", async () => {
  const limited = "urn:ietf:params:acme:error:rateLimited :: too many certificates";
  expect(await order(limited)).toMatchObject({ complaint: { message: limited }, runs: 1 });
});
