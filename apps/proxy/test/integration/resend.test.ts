import { makePem } from "../pem";
import { control, eventually, get, putCertificate, shake } from "./client";
import { Bench, type Container, docker } from "./docker";

const bench = new Bench();
let controlNetwork: { name: string; subnet: string };

beforeAll(async () => {
  await bench.addNetwork();
  controlNetwork = await bench.addNetwork();
}, 60_000);

afterAll(() => bench.remove());

function startProxy(): Promise<Container> {
  return bench.proxy({
    networks: [controlNetwork.name, bench.network],
    alias: ["tasks.proxy-control"],
    environment: {
      CONTROL_SUBNET: controlNetwork.subnet,
      MODE: "swarm",
      SERVICE_NAME: "proxy-control",
    },
  });
}

const controlOf = (proxy: Container): string => proxy.addresses[controlNetwork.name] ?? "";
const dataOf = (proxy: Container): string => proxy.addresses[bench.network] ?? "";
const up = (proxy: Container): Promise<void> =>
  eventually(async () => {
    expect((await control(proxy, "ping", {}, controlOf(proxy))).status).toBe(200);
  });

test("a distributed certificate is at every proxy, and one that starts later is sent it", async () => {
  const [one, two] = await Promise.all([startProxy(), startProxy()]);
  await Promise.all([up(one), up(two)]);
  const options = { address: controlOf(one), more: "&distribute=true" };
  const answer = await putCertificate(one, "a.pem", makePem("a.example"), options);
  expect(answer).toMatchObject({ status: 200 });
  const { fingerprint } = await shake(dataOf(one), { servername: "a.example" });
  expect((await shake(dataOf(two), { servername: "a.example" })).fingerprint).toBe(fingerprint);

  const three = await startProxy();
  await eventually(async () => {
    expect((await shake(dataOf(three), { servername: "a.example" })).fingerprint).toBe(fingerprint);
  });
  // It is ready for the edge only with what it lacked.
  await eventually(async () => {
    expect(await docker("exec", three.name, "node", "-e", HEALTH)).toBe("200");
  });
});

const HEALTH = `
require("node:http").get("http://127.0.0.1/healthz", (res) => {
  res.resume();
  process.stdout.write(String(res.statusCode));
});`;

test("who is no proxy is sent nothing, and the data ports know of no control API", async () => {
  const proxy = await startProxy();
  await up(proxy);
  // From the host, which is on the control network but is no proxy.
  const { status, text } = await control(proxy, "certs/resend", {}, controlOf(proxy));
  expect(status).toBe(403);
  expect(text).not.toContain("BEGIN");
  for (const path of ["/v1/docker-flow-proxy/certs", "/v1/docker-flow-proxy/ping", "/metrics"]) {
    expect((await get(dataOf(proxy), path)).status).toBe(404);
  }
  await expect(control(proxy, "certs", {}, dataOf(proxy))).rejects.toThrow();
});
