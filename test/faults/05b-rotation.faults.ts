import type { ClientRequest } from "node:http";
import { request } from "node:https";
import { lines } from "../e2e/support/engine";
import { settled, swarm } from "./support/cluster";
import { expectAllServed, underLoad } from "./support/fault";
import { project } from "./support/workspace";

beforeAll(settled);

/** What Docker's provider shows to a manager's engine, and holds against what that shows. */
interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** As the state has them, where secrets are JSON. */
async function credentials(): Promise<Credentials> {
  const provider = (await project.resources("--show-secrets")).find(
    ({ type, urn }) => type === "pulumi:providers:docker" && urn.endsWith("::swarm"),
  );
  const [ca, cert, key] = ["caMaterial", "certMaterial", "keyMaterial"].map((name) => {
    const secret = provider?.outputs?.[name] as { readonly plaintext: string };
    return JSON.parse(secret.plaintext) as string;
  });
  return { ca: ca ?? "", cert: cert ?? "", key: key ?? "" };
}

/** Whether an engine's API answers who has these; false where either side refuses the other. */
const opens = (address: string, with_: Credentials): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const options = { host: address, port: 2376, path: "/_ping", servername: "localhost" };
    request({ ...options, ...with_, agent: false, timeout: 10_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    })
      .on("timeout", function (this: ClientRequest) {
        this.destroy(new Error(`${address} does not answer`));
      })
      .on("error", (error: NodeJS.ErrnoException) => {
        const refused = /SSL|TLS|CERT|ECONNRESET|EPIPE|SELF_SIGNED|UNABLE_TO/.test(
          error.code ?? "",
        );
        if (refused) resolve(false);
        else reject(error);
      })
      .end();
  });

const swarmAuthority = () =>
  swarm.docker("info", "--format", "{{.Swarm.Cluster.TLSInfo.TrustRoot}}");

test("the authorities of engines and swarm made anew fail no request, and the old one opens nothing", async () => {
  const addresses = (await project.outputs()).managers.map(({ address }) => address);
  const reach = (one: Credentials) => Promise.all(addresses.map((address) => opens(address, one)));
  const [before, authority] = [await credentials(), await swarmAuthority()];
  expect(await reach(before)).toEqual([true, true, true]);

  const outcome = await underLoad({
    name: "certificate authorities made anew by `make rotate-ca`",
    times: 1,
    resendBroken: true,
    inject: async () => void (await project.make("rotate-ca")),
  });
  // A manager that is replaced loses what its proxy had logged until then.
  await expectAllServed(outcome, 0.25);

  const after = await credentials();
  expect(await reach(after)).toEqual([true, true, true]);
  expect(await reach(before)).toEqual([false, false, false]);
  expect(await reach({ ...after, ca: before.ca })).toEqual([false, false, false]);
  expect(await reach({ ...before, ca: after.ca })).toEqual([false, false, false]);
  expect(await swarmAuthority()).not.toBe(authority);
  const states = await swarm.docker("node", "ls", "--format", "{{.Status}} {{.TLSStatus}}");
  expect(lines(states)).toEqual(Array.from({ length: 7 }, () => "Ready Ready"));
  const { changes, counts } = await project.preview();
  expect({ changes, counts }).toEqual({ changes: [], counts: {} });
});
