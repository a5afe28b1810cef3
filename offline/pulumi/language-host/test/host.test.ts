import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { call, programInfo, startSession, type Session } from "./client";

const repository = resolve(__dirname, "../../../..");

interface RecordedRun {
  readonly config: Record<string, string>;
  readonly dryRun?: boolean;
  readonly monitorAddress: string;
  readonly organization: string;
  readonly parallel: number;
  readonly project: string;
  readonly stack: string;
}

interface Recorded {
  readonly method: string;
  readonly request: unknown;
  readonly response: unknown;
}

/** What the real language host was asked, and answered: see the plugins' fixtures. */
const recorded = readFileSync(join(__dirname, "fixtures/recorded.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Recorded);

function recordedResponse(method: string): Record<string, unknown> {
  const entry = recorded.find((one) => one.method === `LanguageRuntime/${method}`);
  return entry?.response as Record<string, unknown>;
}

interface Report {
  readonly arguments: string[];
  readonly pid: number;
  readonly child: number;
  readonly config: string;
  readonly configSecretKeys: string;
  readonly typescript?: string;
  readonly tsconfig?: string;
}

let session: Session;
let directory: string;
let report: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "language-host-"));
  report = join(directory, "report.json");
  process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"] = join(__dirname, "fixtures/run.js");
  process.env["TEST_REPORT"] = report;
  session = await startSession("127.0.0.1:1");
});

afterEach(() => {
  session.close();
  rmSync(directory, { recursive: true });
  for (const name of ["PULUMI_LANGUAGE_NODEJS_RUN_PATH", "TEST_REPORT", "TEST_END"]) {
    delete process.env[name];
  }
});

function readReport(): Report {
  return JSON.parse(readFileSync(report, "utf8")) as Report;
}

/** Runs the stand-in program, which ends with that exit code or never. */
function run(end: string, request = new pb.RunRequest()): Promise<pb.RunResponse> {
  process.env["TEST_END"] = end;
  if (!request.getInfo()) request.setInfo(programInfo(directory));
  return call<pb.RunResponse>((done) => session.client.run(request, done));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((next) => setTimeout(next, 10));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

test("its version is the SDK's, as the real one's", async () => {
  const info = await call<PluginInfo>((done) => session.client.getPluginInfo(new Empty(), done));
  expect(info.getVersion()).toBe(recordedResponse("GetPluginInfo")["version"]);
});

test("it finds the packages that the recorded program required", async () => {
  const request = new pb.GetRequiredPackagesRequest();
  request.setInfo(programInfo(repository));
  const response = await call<pb.GetRequiredPackagesResponse>((done) =>
    session.client.getRequiredPackages(request, done),
  );
  const packages = response.getPackagesList().map((one) => ({
    kind: one.getKind(),
    name: one.getName(),
    version: one.getVersion(),
  }));
  expect({ packages }).toEqual(recordedResponse("GetRequiredPackages"));
});

test("it tells about the runtime what the real one tells", async () => {
  const request = new pb.AboutRequest();
  request.setInfo(programInfo(repository));
  const response = await call<pb.AboutResponse>((done) => session.client.about(request, done));
  const metadata = Object.fromEntries(response.getMetadataMap().getEntryList());
  const expected = recordedResponse("About")["metadata"] as Record<string, string>;
  expect(Object.keys(metadata).sort()).toEqual(Object.keys(expected).sort());
  expect(metadata["packagemanager"]).toBe("npm");
  expect(metadata["packagemanagerVersion"]).toMatch(/^\d+\.\d+\.\d+$/);
  expect(response.getVersion()).toBe(process.version);
  expect(existsSync(response.getExecutable())).toBe(true);
});

const recordedRuns = recorded
  .filter(({ method }) => method === "LanguageRuntime/Run")
  .map(({ request, response }) => ({ request: request as RecordedRun, response }));

test.each(recordedRuns)("it runs the recorded program: dryRun $request.dryRun", async (entry) => {
  const { config, dryRun, monitorAddress, organization, parallel, project, stack } = entry.request;
  const request = new pb.RunRequest();
  for (const [key, value] of Object.entries(config)) request.getConfigMap().set(key, value);
  request.setConfigsecretkeysList(["surface:password"]);
  request.setDryrun(dryRun ?? false);
  request.setMonitorAddress(monitorAddress);
  request.setOrganization(organization);
  request.setParallel(parallel);
  request.setProject(project);
  request.setStack(stack);

  const response = await run("0", request);

  expect({ error: response.getError(), bail: response.getBail() }).toEqual({
    error: "",
    bail: false,
    ...(entry.response as object),
  });
  const given = readReport();
  expect(given.arguments).toEqual(
    [
      ["--monitor", monitorAddress],
      ["--engine", "127.0.0.1:1"],
      ["--organization", "organization"],
      ["--project", "surface"],
      ["--root-directory", directory],
      ["--stack", "dev"],
      ["--pwd", directory],
      dryRun ? ["--dry-run"] : [],
      ["--parallel", "8"],
      ["."],
    ].flat(),
  );
  expect(JSON.parse(given.config)).toEqual(config);
  expect(JSON.parse(given.configSecretKeys)).toEqual(["surface:password"]);
  expect(given.typescript).toBe("true");
  expect(given.tsconfig).toBeUndefined();
});

test("a handshake tells the engine's address", async () => {
  const handshake = new pb.LanguageHandshakeRequest();
  handshake.setEngineAddress("127.0.0.1:2");
  await call<pb.LanguageHandshakeResponse>((done) => session.client.handshake(handshake, done));
  await run("0");
  expect(readReport().arguments).toEqual(expect.arrayContaining(["--engine", "127.0.0.1:2"]));
});

test("options reach the program", async () => {
  const request = new pb.RunRequest();
  request.setInfo(programInfo(directory, { typescript: false, tsconfig: "other.json" }));
  await run("0", request);
  expect(readReport()).toMatchObject({ tsconfig: "other.json" });
  expect(readReport().typescript).toBeUndefined();
});

test.each([
  ["32", "", true],
  ["1", "Program exited with non-zero exit code: 1", false],
  ["255", "Program exited with non-zero exit code: 255", false],
])("exit code %s means error %p, bail %p", async (code, error, bail) => {
  const response = await run(code);
  expect([response.getError(), response.getBail()]).toEqual([error, bail]);
});

test("a program without the SDK is told to install it", async () => {
  delete process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"];
  const response = await run("0");
  expect(response.getError()).toContain("npm ci");
});

test("an option of the wrong type is an error that names it", async () => {
  const request = new pb.RunRequest();
  request.setInfo(programInfo(directory, { typescript: "yes" }));
  await expect(run("0", request)).rejects.toThrow("typescript option must be a boolean");
});

test("cancel ends the program and what it started", async () => {
  const ended = run("never");
  await until(() => existsSync(report) && readFileSync(report, "utf8").endsWith("}"));
  const { pid, child } = readReport();
  expect([isAlive(pid), isAlive(child)]).toEqual([true, true]);

  await call<Empty>((done) => session.client.cancel(new Empty(), done));

  expect((await ended).getError()).toBe("Program was ended by SIGINT");
  await until(() => !isAlive(pid) && !isAlive(child));
});

test("what it cannot do it says", async () => {
  const answer = call((done) => session.client.pack(new pb.PackRequest(), done));
  await expect(answer).rejects.toThrow("Pack is not supported by the offline language host");
});
