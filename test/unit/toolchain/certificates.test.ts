import { mkdirSync, readdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { repository, sh, temporaryFolder } from "./shell";

const script = join(repository, "offline/images/debian/certificates.js");
const pem = (body: string, width = 4) =>
  `-----BEGIN CERTIFICATE-----\n${body.match(new RegExp(`.{1,${width}}`, "g"))?.join("\n")}\n-----END CERTIFICATE-----\n`;

(existsSync(script) ? test : test.skip)(
  "only what the distribution does not bring is written, however its lines are wrapped",
  () => {
    const folder = temporaryFolder();
    const path = (name: string) => join(folder.path, name);
    try {
      mkdirSync(path("distribution/mozilla"), { recursive: true });
      writeFileSync(path("distribution/mozilla/a.crt"), pem("AAAABBBB", 8));
      writeFileSync(
        path("bundle"),
        `# comment\n${pem("AAAABBBB")}${pem("CCCCDDDD")}${pem("EEEE")}`,
      );
      const result = sh(
        `node "${script}" "${path("bundle")}" "${path("distribution")}" "${path("out")}"`,
      );
      expect(result).toMatchObject({ status: 0, stderr: "" });
      const written = readdirSync(path("out")).map((name) =>
        readFileSync(path(`out/${name}`), "utf8"),
      );
      expect(written).toEqual([pem("CCCCDDDD"), pem("EEEE")]);
    } finally {
      folder.remove();
    }
  },
);
