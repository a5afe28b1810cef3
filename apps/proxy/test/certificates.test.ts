import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Certificates, type CertificatesOptions } from "../src/certificates/certificates";
import { cleanUp, FakeDataPlane, memoryLog, temporaryFolder } from "./support";
import { makePair, makePem } from "./pem";

afterEach(cleanUp);

const a = makePem("a.example");
const b = makePem("b.example");

async function load(overrides: Partial<CertificatesOptions> & { folder?: string } = {}) {
  const { folder = temporaryFolder(), ...more } = overrides;
  const dataPlane = new FakeDataPlane();
  const { log, lines } = memoryLog();
  let reloads = 0;
  const options: CertificatesOptions = {
    dataDir: join(folder, "data"),
    servedDir: join(folder, "served"),
    listFile: join(folder, "list"),
    secretsDir: join(folder, "secrets"),
    check: (list) => dataPlane.checkCertificates(list),
    replace: (file, pem) => dataPlane.replaceCertificate(file, pem),
    reload: () => Promise.resolve(void reloads++),
    log,
    ...more,
  };
  return {
    certificates: await Certificates.load(options),
    options,
    dataPlane,
    lines,
    folder,
    reloads: () => reloads,
    /** The list as HAProxy would read it: the file names, the default first. */
    list: () =>
      readFileSync(options.listFile, "utf8")
        .trim()
        .split("\n")
        .map((line) => line.replace(join(folder, "served/"), "")),
    served: (file: string) => readFileSync(join(options.servedDir, file), "utf8"),
  };
}

/** Everything on disk, by name. */
const contents = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [
        join(entry.parentPath, entry.name),
        readFileSync(join(entry.parentPath, entry.name), "utf8"),
      ]),
  );

describe("Certificates", () => {
  it("serves a self-signed certificate, made anew at each start, until there is another", async () => {
    const { certificates, list, served, folder } = await load();
    expect(list()).toEqual(["self-signed-self-signed.pem [] *"]);
    expect(certificates.status()).toMatchObject([
      { name: "self-signed", source: "self-signed", domains: ["proxy.invalid"] },
    ]);
    expect(certificates.empty).toBe(true);
    const first = served("self-signed-self-signed.pem");
    const again = await load({ folder });
    expect(again.served("self-signed-self-signed.pem")).not.toBe(first);

    expect(await again.certificates.put("a", a)).toBe("added");
    expect(again.list()).toEqual(["request-a.pem [] *", "request-a.pem"]);
    expect(again.certificates.status().map(({ name }) => name)).toEqual(["a"]);
    expect(again.certificates.empty).toBe(false);
  });

  it("does not say that it serves what a reload failed to bring, and tries again when it is put again", async () => {
    let failing = true;
    let reloads = 0;
    const { certificates } = await load({
      reload: () => {
        reloads += 1;
        return failing ? Promise.reject(new Error("no worker")) : Promise.resolve();
      },
    });
    await expect(certificates.put("a.pem", a)).rejects.toThrow("not served yet: no worker");
    expect(certificates.status()).toMatchObject([
      { name: "a.pem", fingerprint: null, error: expect.stringContaining("reloaded") as string },
    ]);
    await expect(certificates.put("a.pem", a)).rejects.toThrow("no worker");
    failing = false;
    expect(await certificates.put("a.pem", a)).toBe("unchanged");
    expect(certificates.status()).toMatchObject([{ fingerprint: expect.any(String) as string }]);
    expect(certificates.status()[0]).not.toHaveProperty("error");
    await certificates.put("a.pem", a);
    expect(reloads).toBe(3);
  });

  it("keeps what it takes over a restart, readable by its owner only", async () => {
    const { certificates, folder, reloads } = await load();
    await certificates.put("a.pem", a);
    await certificates.put("b.pem", b);
    expect(reloads()).toBe(2);
    for (const dir of ["data", "served"]) {
      expect(statSync(join(folder, dir)).mode & 0o777).toBe(0o700);
      for (const file of readdirSync(join(folder, dir))) {
        expect(statSync(join(folder, dir, file)).mode & 0o777).toBe(0o600);
      }
    }
    const again = await load({ folder });
    expect(again.certificates.status()).toEqual(certificates.status());
    expect(again.list()).toContain("request-b.pem.pem");
    expect(again.reloads()).toBe(0);
  });

  it("replaces one of the same name without a reload", async () => {
    const { certificates, dataPlane, reloads, served } = await load();
    await certificates.put("a", a);
    const next = makePem("a.example", { names: ["a.example", "www.a.example"] });
    expect(await certificates.put("a", next)).toBe("replaced");
    expect(reloads()).toBe(1);
    const [[file, pem] = []] = [...(dataPlane.replaced ?? [])];
    expect(file).toMatch(/served\/request-a\.pem$/);
    expect(pem).toBe(served("request-a.pem"));
    expect(certificates.status()[0]?.domains).toEqual(["a.example", "www.a.example"]);
  });

  it("reloads when it cannot replace, or when the order of those that share a domain counts", async () => {
    const { certificates, dataPlane, reloads } = await load();
    await certificates.put("a", a);
    dataPlane.replaced = undefined;
    await certificates.put("a", makePem("a.example"));
    expect(reloads()).toBe(2);
    dataPlane.replaced = new Map();
    await certificates.put("z", makePem("z.example", { names: ["z.example", "a.example"] }));
    await certificates.put("a", makePem("a.example"));
    expect(dataPlane.replaced.size).toBe(0);
    expect(reloads()).toBe(4);
  });

  it("does nothing for one that it has", async () => {
    const { certificates, reloads, dataPlane } = await load();
    await certificates.put("a", a);
    expect(await certificates.put("a", a)).toBe("unchanged");
    expect(reloads()).toBe(1);
    expect(dataPlane.calls).not.toContain("replace");
  });

  it("does not let a peer bring back an older one", async () => {
    const { certificates } = await load();
    const old = makePem("a.example");
    // Validity starts with a whole second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const young = makePem("a.example");
    await certificates.put("a", young);
    expect(await certificates.put("a", old, { ifNewer: true })).toBe("older");
    expect(await certificates.put("a", old)).toBe("replaced");
    expect(await certificates.put("a", young, { ifNewer: true })).toBe("replaced");
  });

  it.each(["../a", "a/b", "..", ".hidden", "", "a b", "a\nb", "-a", "a\u0000", "x".repeat(129)])(
    "refuses the name %j and changes nothing",
    async (name) => {
      const { certificates, folder } = await load();
      const before = contents(folder);
      await expect(certificates.put(name, a)).rejects.toMatchObject({ status: 400 });
      expect(contents(folder)).toEqual(before);
    },
  );

  it("changes nothing for a bad certificate, nor for one that HAProxy refuses", async () => {
    const { certificates, folder, dataPlane, reloads } = await load();
    await certificates.put("a", a);
    const before = contents(folder);
    await expect(certificates.put("a", "garbage")).rejects.toMatchObject({ status: 400 });
    const bad = makePem("bad.example");
    dataPlane.refusingCertificate = bad.split("\n")[1];
    await expect(certificates.put("a", bad)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("unable to load certificate") as string,
    });
    expect(contents(folder)).toEqual(before);
    expect(reloads()).toBe(1);
    expect(await certificates.put("b", b)).toBe("added");
  });

  it("says so when it keeps a certificate that is not served yet", async () => {
    const { certificates } = await load({ reload: () => Promise.reject(new Error("no")) });
    await expect(certificates.put("a", a)).rejects.toMatchObject({
      status: 500,
      message: expect.stringContaining("kept, but not served") as string,
    });
  });

  it("takes certificates from secrets, by the original's names", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "secrets"));
    const secrets = { "cert-a": a, cert_b: b, "dfp_cert-c": makePem("c.example"), other: "x" };
    for (const [name, text] of Object.entries(secrets)) {
      writeFileSync(join(folder, "secrets", name), text);
    }
    const { certificates, list } = await load({ folder });
    expect(certificates.status()).toMatchObject([
      { name: "cert-a", source: "secret", domains: ["a.example"] },
      { name: "cert_b", source: "secret", domains: ["b.example"] },
      { name: "dfp_cert-c", source: "secret", domains: ["c.example"] },
    ]);
    expect(list()[0]).toBe("secret-cert-a.pem [] *");
    // What every proxy has by itself is not sent to the others.
    expect(certificates.requested()).toEqual([]);
  });

  it("leaves out what is bad, says so, and serves the rest", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "secrets"));
    mkdirSync(join(folder, "data"));
    const refused = makePem("refused.example");
    writeFileSync(join(folder, "secrets", "cert-garbage"), "garbage");
    writeFileSync(join(folder, "data", "refused"), refused);
    writeFileSync(join(folder, "data", "a"), a);
    writeFileSync(join(folder, "data", ".b.new"), "half a certi");
    const dataPlane = new FakeDataPlane();
    dataPlane.refusingCertificate = refused.split("\n")[1];
    const { certificates, list, lines } = await load({
      folder,
      check: (file) => dataPlane.checkCertificates(file),
    });
    expect(list()).toEqual(["request-a.pem [] *", "request-a.pem"]);
    expect(certificates.status()).toEqual([
      expect.objectContaining({ name: "a", domains: ["a.example"] }),
      expect.objectContaining({
        name: "cert-garbage",
        notAfter: null,
        error: expect.stringContaining("no certificate") as string,
      }),
      expect.objectContaining({
        name: "refused",
        error: expect.stringContaining("unable to load") as string,
      }),
    ]);
    expect(lines.filter((line) => line.includes("certificate left out"))).toHaveLength(2);
    dataPlane.refusingCertificate = undefined;
    await certificates.put("refused", refused);
    expect(certificates.status().filter(({ error }) => error !== undefined)).toHaveLength(1);
  });

  it("serves without what was kept when that cannot be read", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "data"), "no folder");
    const { list, lines } = await load({ folder });
    expect(list()).toEqual(["self-signed-self-signed.pem [] *"]);
    expect(lines.join("")).toContain("certificates cannot be read");
  });

  it("prefers what was issued last, and what has expired least", async () => {
    const { certificates, list, folder } = await load();
    await certificates.put("short", makePem("a.example", { days: 1 }));
    await certificates.put("long", makePem("a.example", { days: 30 }));
    const later = (days: number) => new Date(Date.now() + days * 86_400_000);
    expect(list()[0]).toBe("request-long.pem [] *");
    const again = await load({ folder, now: () => later(2) });
    expect(again.list()).toEqual([
      "request-long.pem [] *",
      "request-long.pem",
      "request-short.pem",
    ]);
    expect(again.certificates.requested().map(({ name }) => name)).toEqual(["long"]);
    expect(again.certificates.status().map(({ daysLeft }) => daysLeft)).toEqual([27, -2]);
    const much = await load({ folder, now: () => later(32) });
    expect(much.certificates.status()).toMatchObject([
      { name: "long", daysLeft: -3 },
      { name: "self-signed" },
      { name: "short", error: expect.stringContaining("expired") as string },
    ]);
  });

  it("never tells a key", async () => {
    const pair = makePair("k.example");
    const { certificates, lines } = await load();
    await certificates.put("k", pair.certificate + pair.key);
    const secret = pair.key.split("\n")[1] ?? "?";
    expect(JSON.stringify(certificates.status()) + lines.join("")).not.toContain(secret);
  });
});
